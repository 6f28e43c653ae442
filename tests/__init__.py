"""All tests, and `make test`."""

# Tests that kill processes or take the time: nobody may run beside them.
ALONE = ("tests/concurrency/", "tests/dxp/test_serve.py", "tests/house/test_doors.py")

"""A filter of an event means the same in files, PostgreSQL, Python and segments."""

from __future__ import annotations

import json
import random

import duckdb
from django.db import connection

from analytics.measures import values
from customers.conditions import compare
from customers.conditions.matcher import Filter

PROPS = ("a", "a.b", "$path", "a/b~c", 'sa"y', "a.0", "")
ODD = [
    "",
    "x",
    "X",
    "Été",
    "été",
    "12",
    "12.5",
    "-3",
    "true",
    "false",
    "a lot",
    "1e3",
    '"',
    "%s $w1",
]
NUMBERS = [0, 12, 12.5, -3, 1e3, 0.1, 9_007_199_254_740_993, 18.1]
CMPS = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "starts", "set")

DUCK = duckdb.connect()
for macro in values.MACROS:
    DUCK.execute(macro)


def test_filters_agree_everywhere(db):
    chance = random.Random(7)
    documents = [_document(chance) for _ in range(80)]
    checks = [_filter(chance) for _ in range(150)]

    for one in checks:
        expected = [values.fits(one, document) for document in documents]
        assert _files(lambda p, one=one: values.passes(one, p), documents) == expected, one
        assert _tables(lambda p, one=one: values.passes(one, p), documents) == expected, one
        # Segments never find a value inside a list by its place.
        if one.prop != "a.0":
            assert _segments(one, documents) == expected, one


def test_texts_and_numbers_agree_everywhere(db):
    chance = random.Random(8)
    documents = [_document(chance) for _ in range(200)]

    for prop in PROPS:
        for write, read in ((values.text, values.text_of), (values.number, values.number_of)):
            expected = [read(document, prop) for document in documents]
            assert _files(lambda p, w=write, prop=prop: w(prop, p), documents) == expected
            assert _tables(lambda p, w=write, prop=prop: w(prop, p), documents) == expected


def _document(chance):
    found = {}
    for prop in PROPS:
        if chance.random() < 0.5:
            found[prop] = _value(chance)
    return found


def _value(chance, deep=0):
    plain = [None, True, False, *ODD, *NUMBERS]
    kind = chance.random()
    if deep < 2 and kind < 0.15:
        return {key: _value(chance, deep + 1) for key in ("b", "0") if chance.random() < 0.8}
    if deep < 2 and kind < 0.3:
        return [_value(chance, deep + 1) for _ in range(chance.randrange(3))]
    return chance.choice(plain)


def _filter(chance):
    cmp = chance.choice(CMPS)
    value = {
        "set": lambda: chance.choice([True, False]),
        "in": lambda: tuple(chance.sample([*ODD, *NUMBERS, True], 3)),
        "contains": lambda: chance.choice([word for word in ODD if word]),
        "starts": lambda: chance.choice([word for word in ODD if word]),
        "eq": lambda: chance.choice([*ODD, *NUMBERS, True, False]),
        "ne": lambda: chance.choice([*ODD, *NUMBERS, True, False]),
    }.get(cmp, lambda: chance.choice([*ODD, *NUMBERS]))()
    return Filter(chance.choice(PROPS), cmp, value)


def _files(write, documents):
    parameters = {}
    sql = write(parameters)
    told = [json.dumps(one, ensure_ascii=False) for one in documents]
    rows = DUCK.execute(
        f"SELECT {sql} FROM (SELECT unnest($told) AS properties) e", parameters | {"told": told}
    ).fetchall()
    return [row[0] for row in rows]


def _tables(write, documents):
    parameters = {}
    sql = write(parameters).replace("%", "%%")
    for name in sorted(parameters, key=len, reverse=True):
        sql = sql.replace(f"${name}", f"%({name})s")
    return _postgres(sql, parameters, documents)


def _segments(one, documents):
    found = compare.holds("properties", one.prop, one.cmp, one.value)
    return _postgres(found.text, found.values, documents)


def _postgres(sql, bound, documents):
    told = json.dumps(documents)
    head = (
        "SELECT {} FROM jsonb_array_elements({}::jsonb) WITH ORDINALITY e(properties, i) ORDER BY i"
    )
    with connection.cursor() as cursor:
        if isinstance(bound, dict):
            cursor.execute(head.format(sql, "%(told)s"), bound | {"told": told})
        else:
            cursor.execute(head.format(sql, "%s"), [*bound, told])
        return [row[0] for row in cursor.fetchall()]

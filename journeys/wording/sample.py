"""Somebody made up, for previews and tests."""

# The person of previews and tests.
SAMPLE = {
    "firstName": "Ana",
    "lastName": "Ionescu",
    "name": "Ana Ionescu",
    "email": "ana@example.com",
}
# What let them in: an abandoned cart, say.
SAMPLE_EVENT = {
    "cart_id": "C-1024",
    "order_id": "A-2048",
    "total": 129.5,
    "currency": "EUR",
    "items": [
        {"name": "Desk lamp", "price": 79.5, "quantity": 1, "url": "/lamp", "image": ""},
        {"name": "Paper notebook", "price": 25, "quantity": 2, "url": "/notebook", "image": ""},
    ],
}

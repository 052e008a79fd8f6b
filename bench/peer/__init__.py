"""A shop's alternative: the shop contract in Django REST Framework, as a good Django engineer writes it."""

"""What a shop would pick instead: the shop contract in Django REST Framework, as a good Django engineer writes it."""

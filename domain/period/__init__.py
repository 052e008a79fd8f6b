"""A closed period, which is one month of one provider: its event and its state. Pure."""

"""The payment providers' settlement files, read into lines. Pure: no clock, no network, no database."""

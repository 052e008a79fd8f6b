"""What the payment providers settled: their files read line by line, matched with the journal, and tied out.

Pure: no clock, no network, no database. `reading.read` makes lines of a file, `matching.match` sets them beside the
journal, `tieout.tie_out` makes their sums meet the balances.
"""

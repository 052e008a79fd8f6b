"""What an attacker does and what may go wrong, fifteen kinds of it, and that nothing comes of them.

The suite does each in a small form; `make torture` does all at full size and prints tables of numbers: of the attacks,
what a healthy client feels meanwhile. An attack is a function in `attacks.py`; it runs in a process of its own, so that
what it computes is not taken for the service's. The faults are functions in `faults.py`.

| kind                                | in the suite                        | at full size                        |
|-------------------------------------|-------------------------------------|-------------------------------------|
| fifty kills under load              | tests/crash/test_kill.py            | the same                            |
| WALs torn by a power loss           | faults.py, 40                       | 292                                 |
| a full disk                         | faults.py, 4 ways; test_trouble.py  | 4 ways, 20,000 orders               |
| a clock thrown back, or ahead       | tests/domain/test_clock.py          | the same                            |
| commands five times each            | faults.py, 40                       | 1,000                               |
| eight clients on one order          | faults.py, 8 x 20                   | 8 x 200                             |
| feeders and imports killed          | faults.py, 3                        | 100                                 |
| dump and restore                    | tests/log/test_sqlite.py, backups   | the same                            |
| injections                          | faults.py, 1,340                    | every text in every place, 90,000   |
| wrong identities                    | faults.py, 391; test_access.py      | at every address, 2,000             |
| flipped bits of the table           | tests/audit/test_tampering.py, 300  | the same                            |
| index, claims, keys, schema         | tests/audit, tests/access           | the same                            |
| hostile settlement files            | tests/settlement/test_hostile.py    | the same                            |
| malformed requests                  | tests/crash/test_malformed.py       | the same                            |
| attacks on who else is served       | test_torture.py, each for 2.5 s     | each for 40 s                       |
"""

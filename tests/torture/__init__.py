"""Fifteen kinds of attacks and faults, none of which does harm.

The suite runs each in a small form; `make torture` runs all at full size and prints tables of numbers, for attacks with
the waits of a healthy client. An attack is a function in `attacks.py`, run in a process of its own, so that its
processor time is not counted as the service's. The faults are functions in `faults.py`.

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
| attacks on other clients            | test_torture.py, each for 2.5 s     | each for 40 s                       |
"""

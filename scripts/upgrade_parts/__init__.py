"""The parts of ``scripts/upgrade_check``.

``side``, ``making`` and ``taking`` run inside a checkout, the earlier one as well as the present one. They use only
what both have: ``backup_engine.api`` and ``model``, the class and the commands. No inner module: those move.
"""

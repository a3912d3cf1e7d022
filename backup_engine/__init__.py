"""Exact, crash-safe backups of MongoDB collections as plain CSV.

What stands in this folder is what the engine can do, one file a verb, and the words it speaks; ``api`` is its face.
How it does it lies in rooms, from the top down; each imports only what stands below it:

    cli          the commands
    scheduling   backups that nobody has to ask for
    recovering   which backup is recovered on a bare machine, and into what
    merging      deciding, writing and telling what a merge does
    replacing    steps R2 to R8 of a restore, and getting over a crash in them
    making       steps W2 to W10 of a backup: how one set comes to be
    ownership    whose a set is, and what a database may do with the sets of others
    keys         which keys open the sets, and for whom new ones are encrypted
    locking      who may write: locks of the folder, lease in the database
    remotes      places off this machine, and what of the backups lies there
    repository   what lies in the backup folder, and reading it without trusting it
    csv_format   one CSV file to the last byte
    mongo        the server at the other end
    records      a record and its exact bytes; shared with the application
    policy       pure rules: when a backup is due, what may go
    storage      places for backups
    machine      private files, and programs that are told no secrets; shared with the application

Words: ``workspace`` (what every verb works with), ``model``, ``errors``, ``failpoints`` (where a test may
end the world).
"""

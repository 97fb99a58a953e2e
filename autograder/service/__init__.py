"""The live service: students submit in a browser or notebook and read their feedback at once.

It stores, queues and shows. It never runs student code and forms no verdict: the warm workers of
autograder.running do both, in processes of their own.

    storage/    the database, its tables and migrations, files by digest, attempts, the queue
    work/       claims tasks and gives them to warm workers
    web/        pages and JSON, sign-in, who may do what
"""

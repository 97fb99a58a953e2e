"""A Dask cluster as Slurm jobs: start it on the login node, and grade from another terminal."""

import os

from dask_jobqueue import SLURMCluster

cluster = SLURMCluster(
    cores=8,
    processes=8,  # one Dask worker per core: each keeps a warm grader with one thread
    memory="16GB",
    walltime="02:00:00",
    job_script_prologue=[f"export AUTOGRADER_COURSE={os.environ['AUTOGRADER_COURSE']}"],
    scheduler_options={"dashboard": False},
    worker_extra_args=["--no-dashboard"],
)

if __name__ == "__main__":
    cluster.adapt(maximum_jobs=25)
    print(f"autograder grade submitted --scheduler {cluster.scheduler_address}")
    input("Enter ends the cluster. ")

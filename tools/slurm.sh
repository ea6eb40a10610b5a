#!/usr/bin/env bash
# Runs a toy sweep through a real Slurm of one node on this machine, requeues a task in its middle, and compares the table with that of one
# process. Needs Debian's slurmctld, slurmd, slurm-client and munge, and root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for program in munged slurmctld slurmd sbatch; do
	command -v "$program" >/dev/null || { echo "no $program here, want Debian's slurmctld, slurmd, slurm-client and munge"; exit 1; }
done

dir=$(mktemp -d)
chmod 755 "$dir"
cleanup() {
	scancel --user=root 2>/dev/null || true
	for pid in "$dir"/*.pid; do [ -e "$pid" ] && kill "$(cat "$pid")" 2>/dev/null; done
	sleep 1
	rm -rf "$dir"
}
trap cleanup EXIT

head -c 1024 /dev/urandom >"$dir/munge.key"
chmod 400 "$dir/munge.key"
munged --force --key-file="$dir/munge.key" --socket="$dir/munge.sock" --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"

host=$(hostname -s)
cat >"$dir/slurm.conf" <<CONF
ClusterName=toy
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SlurmctldPort=17617
SlurmdPort=17618
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
MinJobAge=300
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=toy Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$dir/state" "$dir/spool"
export SLURM_CONF=$dir/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 30); do [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break; sleep 1; done
sinfo

go build -o "$dir/ablate" ./experiments/ablate
sweep=(--axis=loss --cells=both-exp,both-sds,distill --scale=smoke --engine=go --seeds=2)
"$dir/ablate" "${sweep[@]}" --out="$dir/alone" >"$dir/alone.log"
mkdir "$dir/shared"
cp -r "$dir/alone/pretrained" "$dir/shared/"
"$dir/ablate" "${sweep[@]}" --out="$dir/shared" --slurm=2 --dry-run
"$dir/ablate" "${sweep[@]}" --out="$dir/shared" --slurm=2
first=$(squeue -h -o %F | sort -n | head -1)
sleep 3
scontrol requeue "${first}_1" # as a preemption does
for _ in $(seq 600); do [ -z "$(squeue -h)" ] && break; sleep 1; done
squeue
tail -n 3 "$dir"/shared/slurm/*.log
cmp "$dir/alone/loss/table.csv" "$dir/shared/loss/table.csv"
echo "two tasks, one of them queued again in the middle, made the table that one process makes"

#!/usr/bin/env bash
# A Slurm cluster of one node on the loopback interface, from Debian's packages, without a system service.
#
#   slurm.sh start DIR     installs what is missing, starts, prints how to use it (export SLURM_CONF=…)
#   slurm.sh stop DIR
#
# The node claims eight processors whatever the machine has, so that eight tasks run at a time.
set -euo pipefail

usage() { sed -n '4,5s/^# \{0,3\}//p' "$0" >&2; exit 64; }
(($# == 2)) || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)

install_missing() {
    command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v sbatch >/dev/null &&
        command -v munged >/dev/null && return
    apt-get update -qq >/dev/null
    # Debian would start the services of packages that it installs.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        slurmctld slurmd slurm-client munge >/dev/null
    rm -f /usr/sbin/policy-rc.d
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

configure() {
    local node
    node=$(hostname -s)
    mkdir -p "$dir"/{state,spool,log}
    dd if=/dev/urandom of="$dir/munge.key" bs=1024 count=1 status=none
    chmod 600 "$dir/munge.key"
    cat >"$dir/slurm.conf" <<CONF
ClusterName=uploadbench
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
MailProg=/bin/true
SchedulerParameters=sched_interval=5,batch_sched_delay=1,sched_min_interval=100000
NodeName=$node NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
CONF
}

start() {
    install_missing
    configure
    export SLURM_CONF=$dir/slurm.conf
    chmod 755 "$dir"
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.sock" --pid-file="$dir/munged.pid" \
        --log-file="$dir/log/munged.log" --seed-file="$dir/munged.seed" >/dev/null
    slurmctld
    slurmd
    for _ in $(seq 100); do
        sinfo -h -o %T 2>/dev/null | grep -q '^idle$' && { echo "export SLURM_CONF=$dir/slurm.conf"; return; }
        sleep 0.2
    done
    tail -n 5 "$dir"/log/*.log >&2
    echo "slurm.sh: the node did not come up" >&2
    stop
    exit 1
}

stop() {
    for name in slurmd slurmctld munged; do
        [ -f "$dir/$name.pid" ] && kill "$(<"$dir/$name.pid")" 2>/dev/null || true
    done
}

case $action in start) start ;; stop) stop ;; *) usage ;; esac

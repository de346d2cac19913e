/**
 * What the guardian runs. It reads `+ pid` and `- pid` until the pipe ends, which is when the master has ended, however
 * that came about. Then it ends the process groups that are left: SIGTERM at once, SIGKILL after three seconds.
 * Only what POSIX says a shell has is used.
 */
export const GUARDIAN_SCRIPT = `
trap '' HUP INT QUIT TERM
cd /
pids=" "
while read -r what pid; do
  case "$what" in
    +) pids="$pids$pid " ;;
    -) case "$pids" in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
left() { for pid in $pids; do kill -s 0 -- "-$pid" 2>/dev/null && return 0; done; return 1; }
all() { for pid in $pids; do kill -s "$1" -- "-$pid" 2>/dev/null; done; }
left || exit 0
all TERM
for _ in 1 2 3; do
  sleep 1
  left || exit 0
done
all KILL
`;

# Has the new binary take over from the process of the old one: no connection is refused. When it does not, the service is
# restarted. Settings of the unit that have changed are taken at the next restart.
hand_over() {
    old=$(systemctl show --value -p MainPID sluice.service) || old=0
    [ "${old:-0}" != 0 ] || return 0
    systemctl kill --kill-who=main --signal=SIGUSR2 sluice.service || true
    for _ in $(seq 60); do
        new=$(systemctl show --value -p MainPID sluice.service) || new=0
        [ "$new" = "$old" ] || return 0
        sleep 0.5
    done
    systemctl try-restart sluice.service || true
}

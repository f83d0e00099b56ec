# Private to the module: the runbook of Invoke-StingDisasterRecovery Ransomware.

# Somebody encrypts or deletes. Run on the host that is hit, or on a clean one with its configuration. Within 48 hours.
function New-StingBookOfRansomware([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    New-StingRunbook -Runbook 'Ransomware' -Title 'Ransomware: isolate, find what is clean, go on from there' -Target ([timespan]::FromHours(48)) -Context $c -Bound $Bound -Checks {
        param($c)
        New-StingRunbookCheck 'There is a folder to look at what comes back' ([bool] $c.Given['Destination']) $(if ($c.Given['Destination']) { $c.Given['Destination'] } else { 'Name one with -Destination, on a machine or disk that the attacker never had.' })
        $locks = $c.Setting['remote.object_lock']
        New-StingRunbookCheck 'A tier locks its objects' ([bool] ($locks -and $locks -ne 'none')) 'Without remote.object_lock whoever has this host''s credentials can delete the remote tier: end them first.' -IsAdvice
    } -Steps @(
        New-StingRunbookStep 'Stop schedules and syncs' 'sting-backup schedule-off --confirm' -Do {
            param($c)
            $where = @{}
            if ($c.Given['ScheduleKind']) { $where.Kind = $c.Given['ScheduleKind'] }
            if ($c.Given['ScheduleDirectory']) { $where.Directory = $c.Given['ScheduleDirectory'] }
            $on = @(foreach ($schedule in Get-StingBackupSchedule @where) { if ($schedule.IsEnabled) { $schedule.Task } })
            if ($on.Count -gt 0) {
                # Noted before: who goes on later must know what ran.
                Set-StingRunbookFact $c 'Schedules' ([string]::Join(',', $on))
                $null = Disable-StingBackupSchedule $on @where -Confirm:$false
                "off: $([string]::Join(', ', $on))"
            }
            elseif ($c.Facts['Schedules']) { "off: $($c.Facts['Schedules'])" }
            else { 'none was on' }
            if (Test-StingUnit 'sting-backup-daemon.service') { Invoke-StingProgram systemctl stop, sting-backup-daemon.service; 'the daemon is stopped' }
        }
        New-StingRunbookStep 'Lock the tiers' 'sting-backup tiers-lock --reason=…' -Do {
            param($c)
            $config = $c.Config
            $locked = Lock-StingTier 'Ransomware: the runbook isolates this host' @config -Confirm:$false
            'no backup, sync, retention or sweep of this host until it is unlocked'
            if (@($locked.WithoutObjectLock).Count -gt 0) { "without Object Lock: $([string]::Join(', ', @($locked.WithoutObjectLock)))" }
        }
        New-StingRunbookStep 'Verify what lies on the tiers' 'sting-backup verify; sting-backup verify --tier=remote' -Do {
            param($c)
            $config = $c.Config
            foreach ($tier in @('Local') + @(if ($c.Setting['remote.location']) { 'Remote' })) {
                $result = try { Test-StingBackupIntegrity -Tier $tier @config -ErrorAction SilentlyContinue } catch { $null }
                if ($null -eq $result) { New-StingProblem "$tier cannot be read" }
                elseif (-not $result.Passed) { New-StingProblem "${tier}: $($result.Faults.Count) faults" }
                else { "${tier}: $($result.Points) restore points are whole" }
            }
        }
        New-StingRunbookStep 'End this host''s access to Vaults and buckets' 'sting-backup revoke-access --confirm' -Do {
            param($c)
            $config = $c.Config
            foreach ($access in Revoke-StingCredential @config -Confirm:$false) {
                if ($access.IsRevoked) { "$($access.Kind) at $($access.Place): ended" }
                else {
                    Add-StingRunbookNext $c ("End by hand, from a clean machine: $($access.Command)")
                    New-StingProblem "$($access.Kind) at $($access.Place): by hand, $($access.Command)"
                }
            }
        }
        New-StingRunbookStep 'Isolate the host' 'off the network; the commands of the step before' -Gate 'Is the host that was hit off the network, are the commands of the step before run from a clean machine, and has this host new credentials of its own where it is to read a bucket again?'
        New-StingRunbookStep 'Find the last clean restore point' 'sting-backup clean-points --all' -Do {
            param($c)
            $key = $c.Key
            if ($c.Given['Date']) { Set-StingRunbookFact $c 'Date' $c.Given['Date']; "named by a person: $($c.Given['Date'])" }
            elseif ($c.Given['BackupId']) { Set-StingRunbookFact $c 'BackupId' $c.Given['BackupId']; "named by a person: $($c.Given['BackupId'])" }
            else {
                $suspects = @(foreach ($found in Find-StingCleanRestorePoint -All @key) { if ($found.IsSuspect) { $found } })
                if ($suspects.Count -eq 0) {
                    $newest = Get-StingNewestPoint $c
                    throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Find the last clean restore point', "no run found anything suspicious, so a person must name it. The newest is $($newest.BackupId).", 'Compare-StingRestorePoint and Find-StingItem show what changed when; name the last good one with -BackupId or -Date.')
                }
                # Each subject has its own: nobody loses a day for what happened to another.
                Set-StingRunbookFact $c 'CleanPoint' 'each its own'
                foreach ($found in $suspects) { if ($found.BackupId) { "$($found.Subject): $($found.BackupId)" } else { New-StingProblem "$($found.Subject): no clean restore point" } }
                'all others: the newest'
            }
        }
        New-StingRunbookStep 'Restore it into a folder apart' 'sting-restore full --clean-point --destination=FOLDER' -Do {
            param($c)
            $what = $c.Key.Clone()
            if ($c.Facts['CleanPoint']) { $what.CleanPoint = $true } elseif ($c.Facts['BackupId']) { $what.BackupId = $c.Facts['BackupId'] } else { $what.Date = $c.Facts['Date'] }
            $result = Restore-StingReserve @what -Destination $c.Given['Destination'] -AllowPartial -ConflictAction Overwrite -Confirm:$false
            Set-StingRunbookLoss $c @($result.BackupIds)
            "$($result.ItemsRestored) items restored, $($result.ItemsUnchanged) stood there, $($result.QuarantinedCount) left out as suspect"
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be restored: the log of the run names them" }
        }
        New-StingRunbookStep 'Look at what came back' 'scanners; people who know the data' -Gate 'Is what lies in the folder clean, are the hosts built anew with the clean state at its place (Restore-StingReserve -CleanPoint -AllowPartial, or by the date or run that was named), and may this host write again?'
        New-StingRunbookStep 'Renew the keys that the host held' 'sting-backup rotate-key --kind=writer; --kind=epoch' -Do {
            param($c)
            $key = $c.Key
            foreach ($kind in 'Epoch', 'Writer') {
                if (Test-StingKeyRenewed $c $kind) { "${kind}: renewed already" }
                else {
                    $result = Update-StingKey $kind @key -Confirm:$false
                    "${kind}: $($result.State)"
                }
            }
        }
        New-StingRunbookStep 'Unlock the tiers' 'sting-backup tiers-unlock' -Do {
            param($c)
            $config = $c.Config
            try { $null = Unlock-StingTier @config -Confirm:$false; 'unlocked' }
            catch {
                $own = Find-StingCause $_.Exception
                if (-not $own -or $own.ErrorId -ne 'TiersNotLocked') { throw }
                'they are unlocked'
            }
        }
        New-StingRunbookStep 'A full backup of the clean state' 'sting-backup full' -Done { param($c) Find-StingOwnPoint $c } -Do {
            param($c)
            $config = $c.Config
            $result = Invoke-StingBackup -Type Full @config -Confirm:$false
            $result.BackupId
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be read" }
        }
        New-StingRunbookStep 'Schedules on again' 'sting-backup schedule-set --confirm' -Skip {
            param($c)
            if (-not $c.Facts['Schedules']) { 'none was on before' }
        } -Do {
            param($c)
            $where = @{}
            if ($c.Given['ScheduleKind']) { $where.Kind = $c.Given['ScheduleKind'] }
            if ($c.Given['ScheduleDirectory']) { $where.Directory = $c.Given['ScheduleDirectory'] }
            $null = Set-StingBackupSchedule ([StingBackup.ScheduledTask[]] ($c.Facts['Schedules'] -split ',')) @where -Confirm:$false
            "on: $($c.Facts['Schedules'])"
        }
    ) -Next {
        param($c)
        $from = if ($c.Facts['CleanPoint']) { '-CleanPoint' } elseif ($c.Facts['BackupId']) { "-BackupId $($c.Facts['BackupId'])" } else { "-Date '$($c.Facts['Date'])'" }
        "Bring the clean state back to its place, where that has not been done: Restore-StingReserve $from -ConflictAction Overwrite."
        'Renew writer secrets and the key that wraps all others: Update-StingKey Subject -NewWriterSecret; Update-StingKey KeyEncryptionKey, with an approval. Then a new escrow.'
        'Read the audit log of the days before: Get-StingAuditEvent; Test-StingAuditLog.'
    }
}

# Whether keys of a kind were renewed since the runbook began, by the audit chain.
function Test-StingKeyRenewed([hashtable] $c, [string] $Kind) {
    $config = $c.Config
    foreach ($record in Get-StingAuditEvent @config -WarningAction SilentlyContinue) {
        if ($record.Command -eq 'Update-StingKey' -and $record.Time -gt $c.Begun -and $record.Outcome -match "^$Kind \S+ Completed") { return $true }
    }
    $false
}

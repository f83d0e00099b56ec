# Private to the module: the runbook of Invoke-StingDisasterRecovery DataCorruption.

# Something wrote what is wrong: a bug, a slip, a bad disk. Run on the host with the key directory. Within 4 hours.
function New-StingBookOfDataCorruption([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    New-StingRunbook -Runbook 'DataCorruption' -Title 'Data corruption: narrow the window, restore the state before it' -Target ([timespan]::FromHours(4)) -Context $c -Bound $Bound -Checks {
        param($c)
        $scopes = @(foreach ($name in 'User', 'HoneyJar') { if ($c.Given[$name]) { $name } })
        New-StingRunbookCheck 'One scope is named' ($scopes.Count -le 1) 'Name a person or a jar, not both; with -Path the files of the person.'
        New-StingCheckOfKeys $c
    } -Steps @(
        New-StingRunbookStep 'Look at the versions' 'sting-backup find --name=PATH' -Skip {
            param($c)
            if (-not $c.Given['Path']) { 'no -Path was named' }
        } -Do {
            param($c)
            $key = $c.Key
            $whose = if ($c.Given['User']) { @{ Subject = $c.Given['User'] } } else { @{} }
            $versions = @(Find-StingItem $c.Given['Path'] @whose @key)
            if ($versions.Count -eq 0) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Look at the versions', "there is no '$($c.Given['Path'])' in any restore point.", 'Give another -Path in a new run.') }
            "$($versions.Count) versions, the newest seen first at $([StingBackup.Display]::Time($versions[-1].FirstSeen))"
        }
        New-StingRunbookStep 'Narrow the window' 'Find-StingCorruption -Path PATH' -Do {
            param($c)
            $key = $c.Key
            if ($c.Given['Date']) { Set-StingRunbookFact $c 'Date' $c.Given['Date']; "named by a person: $($c.Given['Date'])" }
            elseif ($c.Given['BackupId']) { Set-StingRunbookFact $c 'BackupId' $c.Given['BackupId']; "named by a person: $($c.Given['BackupId'])" }
            elseif ($c.Given['Path'] -or $c.Given['User']) {
                $what = if ($c.Given['Path']) { @{ Path = $c.Given['Path'] } } else { @{ User = $c.Given['User'] } }
                $good = $null
                foreach ($found in Find-StingCorruption @what @key) { if ($found.LastGoodBackupId) { $good = $found } }
                if ($null -eq $good) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Narrow the window', 'no version was found good.', 'Name the last good state with -Date or -BackupId.') }
                Set-StingRunbookFact $c 'BackupId' $good.LastGoodBackupId
                "the last good state is that of $($good.LastGoodBackupId)"
            }
            else {
                throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Narrow the window', 'which state is the last good one must be named here: no file and no person is named that Find-StingCorruption could look at.', 'Look at the versions with Find-StingItem and Compare-StingRestorePoint; name the state with -Date or -BackupId.')
            }
        }
        New-StingStepBackup 'Keep the state of now, wrong as it is'
        New-StingRunbookStep 'Restore the state before it' 'sting-restore file|user|honey-jar|full --date=GOOD' -Do {
            param($c)
            $what = $c.Key.Clone()
            if ($c.Facts['BackupId']) { $what.BackupId = $c.Facts['BackupId'] } else { $what.Date = $c.Facts['Date'] }
            if ($c.Given['Destination']) { $what.Destination = $c.Given['Destination'] }
            # What it replaces is in the restore point of the step before.
            $what.ConflictAction = 'Overwrite'
            $result = if ($c.Given['Path']) {
                if ($c.Given['User']) { $what.User = $c.Given['User'] }
                Restore-StingFile -File $c.Given['Path'] @what -Confirm:$false -ErrorVariable failures
            }
            elseif ($c.Given['User']) { Restore-StingUser $c.Given['User'] @what -Confirm:$false -ErrorVariable failures }
            elseif ($c.Given['HoneyJar']) { Restore-StingHoneyJar $c.Given['HoneyJar'] @what -Confirm:$false -ErrorVariable failures }
            else {
                # The wrong state stays too, under another name.
                if (-not $c.Given['Destination']) { $what.MoveDatabasesAside = $true }
                Restore-StingReserve @what -Confirm:$false -ErrorVariable failures
            }
            Assert-StingRestored $c $failures
            Set-StingRunbookLoss $c @($result.BackupIds)
            "$($result.ItemsRestored) items restored, $($result.ItemsUnchanged) stood there, from $([string]::Join(', ', @($result.BackupIds)))"
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be restored: the log of the run names them" }
        }
        New-StingStepVerify
    ) -Next {
        param($c)
        'Have somebody look at it who knows the data. The state that was replaced is in the restore point that this runbook made: sting-backup list --latest.'
        'Find what wrote it, or it comes again.'
    }
}

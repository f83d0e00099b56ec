#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Disasters, by their runbooks' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        # The second site: a remote tier, a key store replica and an epoch place.
        $null = New-Item -ItemType Directory site2, site2/remote
        Move-Item keys/store-2 site2/store
        Move-Item keys/epoch-2 site2/epoch
        $text = Get-Content sting-backup.yaml -Raw
        $text = $text -replace '(?m)^keys:\n', "keys:`n  replicas:`n    - $PWD/site2/store`n  epoch_places:`n    - $PWD/keys/epoch`n    - $PWD/site2/epoch`n"
        $text = $text -replace '(?m)^remote:\n', "remote:`n  location: $PWD/site2/remote`n" -replace '(?m)^local:\n', "local:`n  max_percent: 100`n"
        $text = $text -replace '(?m)^disaster:\n', "disaster:`n  standby_host: $([System.Environment]::MachineName)`n"
        Set-Content sting-backup.yaml $text -NoNewline
        $null = Invoke-StingBackup
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $null = New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false
        function Approve-All { $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false }
        $quiet = @{ WarningAction = 'SilentlyContinue'; Confirm = $false }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'shows what would be done, and does nothing' {
        $plan = Invoke-StingDisasterRecovery HardwareFailure -WhatIf
        $plan.Steps | Should -HaveCount 9
        $plan.Checks.Passed | Should -Not -Contain $false
        $plan.Target.TotalHours | Should -Be 2
        Test-Path state/runbooks | Should -BeFalse
    }

    It 'renews the keys in a ceremony that waits for its approvals, and makes an escrow' {
        { Invoke-StingKeyCeremony -OutputPath ./shares @quiet } | Should -Throw -ErrorId 'ApprovalRequired*'
        { Invoke-StingKeyCeremony -OutputPath ./shares @quiet } | Should -Throw -ErrorId 'RunbookOpen*'
        Approve-All
        { Invoke-StingKeyCeremony -OutputPath ./shares -Resume @quiet } | Should -Throw -ErrorId 'ApprovalRequired*'
        Approve-All
        { Invoke-StingKeyCeremony -OutputPath ./shares -Resume @quiet } | Should -Throw -ErrorId 'RunbookWaits*'
        Get-ChildItem shares -Filter *.txt | Should -HaveCount 5
        { Invoke-StingKeyCeremony -OutputPath ./others -Resume @quiet } | Should -Throw -ErrorId 'RunbookDiffers*'
        $report = Invoke-StingKeyCeremony -OutputPath ./shares -Resume -Acknowledge 8 @quiet
        $report.State | Should -Be 'Completed'
        $report.Resumed | Should -Be 3
        $report.Steps[4].State | Should -Be 'Skipped'
        Get-Content $report.ReportFile -Raw | Should -Match '8 \| Hand out the shares \| Done'
        Get-Content $report.Journal -Raw | Should -Not -Match '(?m)^S1 '
    }

    It 'goes on at the standby after the disks are lost' {
        $null = Invoke-StingBackup
        $null = Sync-StingTier
        $before = Get-TreeHash reserve
        Remove-Item reserve, backups, cache -Recurse -Force
        $report = Invoke-StingDisasterRecovery HardwareFailure -Fenced -ScheduleKind Cron -ScheduleDirectory ./cron @quiet
        $report.State | Should -Be 'Completed'
        $report.IsWithinTarget | Should -BeTrue
        $report.Loss | Should -BeLessThan ([timespan]::FromMinutes(10))
        Get-TreeHash reserve | Should -Be $before
        Get-ChildItem cron | Should -Not -BeNullOrEmpty
    }

    It 'moves to the DR site and back' {
        $before = Get-TreeHash reserve
        $text = (Get-Content sting-backup.yaml -Raw) -replace '(?m)^disaster:\n', "disaster:`n  bucket: $PWD/site2/remote`n  backup_root: $PWD/dr/backups`n"
        Set-Content sting-backup.yaml $text -NoNewline
        Remove-Item reserve -Recurse -Force
        $report = Invoke-StingDisasterRecovery DataCenterLoss -Fenced -ScheduleKind Cron -ScheduleDirectory ./dr/cron @quiet
        $report.State | Should -Be 'Completed'
        Test-Path sting-backup.dr.yaml | Should -BeTrue
        Test-Path dr/backups/points | Should -BeTrue
        Get-TreeHash reserve | Should -Be $before
        Set-ReserveFile 'users/user@example.com/at-dr.txt' 'written while the DR site was primary'
        $null = Invoke-StingBackup -ConfigPath ./sting-backup.dr.yaml
        $after = Get-TreeHash reserve
        Remove-Item reserve -Recurse -Force
        { Invoke-StingDisasterRecovery DataCenterLoss -Failback @quiet } | Should -Throw -ErrorId 'RunbookNotReady*'
        $back = Invoke-StingDisasterRecovery DataCenterLoss -Failback -Fenced -ScheduleKind Cron -ScheduleDirectory ./cron @quiet
        $back.State | Should -Be 'Completed'
        Get-TreeHash reserve | Should -Be $after
    }

    It 'keeps the wrong state and restores the one before it' {
        $good = Invoke-StingBackup
        $before = Get-TreeHash reserve/users
        Set-ReserveFile 'users/user@example.com/document.pdf' 'nonsense'
        { Invoke-StingDisasterRecovery DataCorruption -User user@example.com @quiet } | Should -Throw -ErrorId 'RunbookLacks*'
        $report = Invoke-StingDisasterRecovery DataCorruption -User user@example.com -BackupId $good.BackupId -Resume @quiet
        $report.State | Should -Be 'Completed'
        Get-TreeHash reserve/users | Should -Be $before
        Find-StingItem document.pdf -Subject user@example.com | ForEach-Object Length | Should -Contain 8
    }

    It 'isolates, waits for people, and goes on clean' {
        $clean = Invoke-StingBackup
        $before = Get-TreeHash reserve
        $null = Register-StingBackupSchedule Full, Incremental -Kind Cron -Directory ./hit-cron @quiet
        $how = @{ Scenario = 'Ransomware'; Destination = './clean'; ScheduleKind = 'Cron'; ScheduleDirectory = './hit-cron' } + $quiet
        { Invoke-StingDisasterRecovery @how } | Should -Throw -ErrorId 'RunbookWaits*'
        (Get-StingBackupSchedule -Kind Cron -Directory ./hit-cron).IsEnabled | Should -Not -Contain $true
        { Invoke-StingBackup } | Should -Throw -ErrorId 'TiersLocked*'
        { Sync-StingTier } | Should -Throw -ErrorId 'TiersLocked*'
        { Invoke-StingRetention -Confirm:$false } | Should -Throw -ErrorId 'TiersLocked*'
        { Optimize-StingRepository } | Should -Throw -ErrorId 'TiersLocked*'
        (Get-StingBackupStatus).Warnings -join ' ' | Should -Match 'The tiers are locked'
        { Invoke-StingDisasterRecovery @how -Resume } | Should -Throw -ErrorId 'RunbookWaits*'
        { Invoke-StingDisasterRecovery @how -Resume -Acknowledge 5 } | Should -Throw -ErrorId 'RunbookLacks*'
        { Invoke-StingDisasterRecovery @how -Resume -BackupId $clean.BackupId } | Should -Throw -ErrorId 'RunbookWaits*'
        Get-TreeHash clean | Should -Be $before
        { Invoke-StingDisasterRecovery @how -Resume -Acknowledge 8 } | Should -Throw -ErrorId 'ApprovalRequired*'
        (Unlock-StingTier -WhatIf).Approval | Should -Be 'Open'
        Approve-All
        $report = Invoke-StingDisasterRecovery @how -Resume
        $report.State | Should -Be 'Completed'
        (Get-StingBackupSchedule -Kind Cron -Directory ./hit-cron).IsEnabled | Should -Not -Contain $false
        (Invoke-StingBackup).State | Should -Be 'Completed'
    }

    It 'cleans up once for each name, however often it is asked' {
        $report = Invoke-StingRetentionCleanup -RunId today @quiet
        $report.State | Should -Be 'Completed'
        (Invoke-StingRetentionCleanup -RunId today @quiet).Duration | Should -Be $report.Duration
        (Invoke-StingDrTest @quiet).Steps[2].State | Should -Be 'Done'
    }

    It 'starts from an empty machine with shares, a tier and what the other site kept' {
        $null = Invoke-StingBackup
        $before = Get-TreeHash reserve
        Move-Item site2 kept
        Remove-Item reserve, backups, keys, state, cache, logs, dr, sting-backup*.yaml -Recurse -Force
        $how = @{ Location = './kept/remote'; Path = './shares'; ConfigPath = './sting-backup.yaml'; StatePath = './bare'; Protection = 'Open' } + $quiet
        (Import-StingBackupConfig ./kept/remote ./shares -ConfigPath ./sting-backup.yaml -WhatIf -WarningAction SilentlyContinue).Chosen.MayMaintain | Should -BeTrue
        (Restore-StingInstallation ./kept/remote ./shares -ConfigPath ./sting-backup.yaml -StatePath ./bare -WhatIf).Steps | Should -HaveCount 10
        { Restore-StingInstallation @how } | Should -Throw -ErrorId 'RunbookLacks*'
        Move-Item kept/store site2-store
        $null = New-Item -ItemType Directory site2
        Move-Item site2-store site2/store
        Move-Item kept/epoch site2/epoch
        $report = Restore-StingInstallation @how -Resume
        $report.Steps.State | Should -Not -Contain 'Failed'
        $report.Resumed | Should -Be 1
        Get-TreeHash reserve | Should -Be $before
        (Get-StingBackupStatus -WarningAction SilentlyContinue).Writer | Should -Not -BeNullOrEmpty
        (Export-StingBackupConfig ./copy.yaml -Setting 'time_zone=Europe/Berlin').Changed | Should -Be 'time_zone: UTC becomes Europe/Berlin'
        (Revoke-StingCredential -WhatIf).Access | Should -BeNullOrEmpty
        (Lock-StingTier 'a look' -WhatIf).Tiers | Should -HaveCount 2
    }
}

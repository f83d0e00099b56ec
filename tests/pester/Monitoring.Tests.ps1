#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Monitoring' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'shows its figures in 80 columns' {
        $shown = Export-StingMetric sting.prom -WhatIf | Out-String -Width 80
        $shown | Should -Match 'backup_success_rate\s+Good'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'writes them for Prometheus' {
        Export-StingMetric sting.prom | Should -BeOfType System.IO.FileInfo
        Get-Content sting.prom | Should -Contain 'sting_backup_restore_points 2'
    }

    It 'sends nothing where no collector is named' {
        { Export-StingMetric -Otlp } | Should -Throw -ErrorId 'OtlpNotConfigured*'
    }

    It 'registers, changes and removes schedules' {
        $there = @{ Kind = 'Systemd'; Directory = 'units' }
        (Register-StingBackupSchedule @there -WhatIf).Files.Count | Should -Be 12
        (Register-StingBackupSchedule @there).Task | Should -Be Full, Archive, Incremental, Cleanup, Verify, Drill
        (Set-StingBackupSchedule Full '0 1 * * *' @there).At | Should -Be '0 1 * * *'
        (Disable-StingBackupSchedule Archive @there).IsEnabled | Should -BeFalse
        $shown = Get-StingBackupSchedule @there | Out-String -Width 100
        $shown | Should -Match 'Incremental\s+\*/15'
        Unregister-StingBackupSchedule @there
        Get-StingBackupSchedule @there | Should -BeNullOrEmpty
    }

    It 'has a daemon' {
        (Start-StingBackupDaemon -WhatIf).Timers.Count | Should -Be 6
    }

    It 'tells what is wrong until somebody knows, and tries channels' {
        $yaml = Get-Content sting-backup.yaml -Raw
        Set-Content sting-backup.yaml ($yaml -replace "`nalerts:`n", "`nalerts:`n  webhook: http://127.0.0.1:9/`n")
        try {
            (Test-StingAlertChannel webhook).IsDelivered | Should -BeFalse
            Rename-Item backups elsewhere
            $alert = Update-StingAlert -WarningAction SilentlyContinue
            $alert.Rule | Should -Be BackupsUnreadable
            $alert.Waiting.Channel | Should -Be webhook
            ($alert | Confirm-StingAlert -Comment 'on it').State | Should -Be Acknowledged
            (Get-StingAlert | Out-String -Width 160) | Should -Match 'Page\s+Acknowledged'
            Rename-Item elsewhere backups
            Update-StingAlert -WarningAction SilentlyContinue | Where-Object Rule -EQ BackupsUnreadable | Should -BeNullOrEmpty
            (Get-StingAlert $alert.Id).State | Should -Be Resolved
        } finally {
            Set-Content sting-backup.yaml $yaml
        }
    }
}

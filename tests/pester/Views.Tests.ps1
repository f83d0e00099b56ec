#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'What is shown' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        # Not on TestDrive: what a Context wrote there goes with it, and with the audit records of its looks the chain would be cut.
        $folder = New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "sting-views-$([guid]::NewGuid().ToString('n'))")
        Enter-SampleFolder $folder
        $first, $second = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
        $views = [ordered]@{
            points      = { Get-StingRestorePoint }
            items       = { Get-StingRestorePointItem $first.BackupId -Recurse }
            versions    = { Find-StingItem document.pdf }
            differences = { Compare-StingRestorePoint $first.BackupId $second.BackupId }
            keys        = { Get-StingKey }
            settings    = { Get-StingBackupConfig }
            log         = { Get-StingBackupLog $second.BackupId }
            findings    = { Test-StingBackupConfig -Online }
            status      = { Get-StingBackupStatus }
            details     = { Get-StingBackupStatus -Detailed }
            verified    = { Test-StingBackupIntegrity }
            repair      = { Repair-StingRepository -WhatIf }
            retention   = { Get-StingRetentionPlan }
            report      = { Get-StingBackupReport 2024-01 }
            prune       = { Optimize-StingRepository -WhatIf }
            backup      = { Invoke-StingBackup -WhatIf }
            restore     = { Restore-StingUser user@example.com -WhatIf }
            result      = { $second }
            sting       = { Find-StingInstallation ./reserve -NoDocker }
        }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Item -LiteralPath $folder -Recurse -Force
        Remove-Module Sample
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
    }

    Context 'At <width> columns' -ForEach @(@{ width = 80 }, @{ width = 100 }) {
        It 'fits: <_>' -ForEach 'points', 'items', 'versions', 'differences', 'keys', 'settings', 'log', 'findings', 'status', 'details', 'verified', 'repair', 'backup', 'restore', 'result', 'sting' {
            $lines = & $views[$_] | Out-String -Width $width -Stream
            $lines | Should -Not -BeNullOrEmpty
            $lines | ForEach-Object Length | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessOrEqual $width
            # PowerShell shows nothing at all for a column whose script fails; types and their insides are never for people.
            $lines -join "`n" | Should -Not -Match 'System\.|StingBackup\.[A-Z]|z__|\{ BackupId'
        }

        It 'cuts no id' {
            $text = $views['points', 'versions', 'keys', 'status', 'details', 'result'].ForEach({ & $_ | Out-String -Width $width }) -join "`n"
            $text | Should -Match "$($first.BackupId) .*UserFiles"
            $text | Should -Match "$($second.BackupId) .*Incremental"
            foreach ($key in Get-StingKey -Kind Subject) {
                $text | Should -Match $key.Name
            }
            $text | Should -Not -Match 'backup_[0-9_]*…'
        }
    }

    It 'shows every data class in the details of a status' {
        $text = Get-StingBackupStatus -Detailed | Out-String -Width 80
        foreach ($class in [System.Enum]::GetNames([StingBackup.DataClass])) {
            $text | Should -Match "$class +\d{4}-\d\d-\d\d \d\d:\d\d +(now|\d+ min) "
        }
        $text | Should -Match 'data \d+ objects'
        $text | Should -Match 'Drills +none yet'
    }

    It 'shows the versions of a file under its path' {
        Find-StingItem *.md | Out-String -Width 80 | Should -Match 'Path: jars/jar_123/readme.md'
    }

    It 'shows the newest setting as it was set, with its line' {
        Get-StingBackupConfig time_zone | Out-String -Width 80 | Should -Match 'time_zone +\d+ UTC'
        Get-StingBackupConfig performance.memory_limit | Out-String -Width 80 | Should -Match 'performance.memory_limit +2G'
    }

    It 'is the same in <_>' -ForEach 'de-DE', 'tr-TR', 'en-US' {
        $culture = [cultureinfo]::CurrentCulture
        $expected = $views['items', 'versions', 'differences', 'keys', 'settings'].ForEach({ & $_ | Out-String -Width 100 })
        [cultureinfo]::CurrentCulture = $_
        try {
            $views['items', 'versions', 'differences', 'keys', 'settings'].ForEach({ & $_ | Out-String -Width 100 }) | Should -Be $expected
            (Restore-StingFile document.pdf -Date $first.StartedTime.ToString('yyyy-MM-dd') -Destination "./culture-$_").State | Should -Be Completed
            $stored = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-StingRestorePoint $first.BackupId -DataClass Settings)))
            ([datetimeoffset] $stored.Time).ToUnixTimeSeconds() | Should -Be $first.StartedTime.ToUnixTimeSeconds()
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'reads well in a script, where types follow each other' {
        $text = & { Invoke-StingBackup -WhatIf; Get-StingBackupStatus; Restore-StingUser user@example.com -WhatIf } | Out-String -Width 100
        $text | Should -Match 'Health +: '
        $text | Should -Match 'Scope +: everything of user@example.com'
        $text | Should -Not -Match '\{ BackupId'
    }
}

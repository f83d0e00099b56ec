#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

# The first day of an administrator, in order: every step stands on the ones before.
Describe 'The first day of an administrator' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        New-SampleReserve
        $places = Get-SamplePlace
        # A passphrase in a file that only its owner reads, as a scheduled job would have it.
        Set-Content -LiteralPath ./passphrase -Value 'correct horse battery' -NoNewline
        $passphrase = ConvertTo-SecureString (Get-Content -LiteralPath ./passphrase -Raw) -AsPlainText
        $firstHashes = Get-TreeHash ./reserve
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'looks at what would be made, and nothing is made' {
        $plan = Initialize-StingRepository @places -WhatIf -WarningAction SilentlyContinue
        $plan | Should -BeOfType StingBackup.InitializePlan
        $plan.KeyFiles | Should -Contain (Join-Path $PWD 'keys' 'reserve.key')
        (Get-ChildItem).Name | Should -Be @('reserve', 'passphrase')
    }

    It 'makes a repository whose key file a passphrase seals' {
        $made = Initialize-StingRepository @places -Passphrase $passphrase -WarningVariable warnings -WarningAction SilentlyContinue
        $made.HasPassphrase | Should -BeTrue
        $made.ConfigurationFile | Should -Exist
        $warnings -join ' ' | Should -Match 'volume'
    }

    It 'tries what the configuration names before the first run' {
        $findings = Test-StingBackupConfig -Online -Passphrase $passphrase
        $findings | Where-Object Severity -EQ Error | Should -BeNullOrEmpty
        $findings.Key | Should -Contain 'reserve.path'
    }

    It 'sees what a backup would do, and then backs up without a passphrase' {
        $plan = Invoke-StingBackup -Type Full -WhatIf
        $plan.Type | Should -Be ([StingBackup.BackupType]::Full)
        Get-StingRestorePoint | Should -BeNullOrEmpty
        $script:first = Invoke-StingBackup -Type Full
        $first.State | Should -Be Completed
        $first.ItemsRead | Should -Be 7
    }

    It 'changes a file, and the next run reads that one alone' {
        Set-ReserveFile 'users/user@example.com/document.pdf' 'written anew'
        $script:second = Invoke-StingBackup
        $second.BackupId | Should -BeGreaterThan $first.BackupId
        $second.ItemsRead | Should -Be 1
    }

    It 'lists what there is, and looks into it' {
        $points = Get-StingRestorePoint -DataClass UserFiles
        $points.BackupId | Should -Be @($first.BackupId, $second.BackupId)
        $items = $points[0] | Get-StingRestorePointItem -Recurse -Passphrase $passphrase
        $items.Path | Should -Contain 'users/other@example.com/picture of a bee.png'
    }

    It 'finds both versions of the file, and the difference' {
        $versions = Find-StingItem document.pdf user@example.com -Passphrase $passphrase
        $versions | ForEach-Object Length | Should -Be @(26, 12)
        $difference = Compare-StingRestorePoint $first.BackupId $second.BackupId -Passphrase $passphrase
        $difference.Path | Should -Be 'users/user@example.com/document.pdf'
        $difference.Change | Should -Be Modified
    }

    It 'brings back a file, a person, a jar and everything, byte for byte' {
        Restore-StingFile document.pdf user@example.com -BackupId $first.BackupId -Destination ./file -Passphrase $passphrase
        Get-Content ./file/users/user@example.com/document.pdf | Should -Be '%PDF-1.7 the first version'

        Restore-StingUser user@example.com -Destination ./person -Passphrase $passphrase
        Get-TreeHash ./person/users/user@example.com | Should -Be (Get-TreeHash ./reserve/users/user@example.com)

        Restore-StingHoneyJar jar_123 -Date latest -Destination ./jar -Passphrase $passphrase
        Get-TreeHash ./jar/jars/jar_123 | Should -Be (Get-TreeHash ./reserve/jars/jar_123)

        Restore-StingReserve -BackupId $first.BackupId -Destination ./all -Passphrase $passphrase -Confirm:$false
        Get-TreeHash ./all | Should -Be $firstHashes
    }

    It 'verifies every byte' {
        $result = Test-StingBackupIntegrity -Level Data -Passphrase $passphrase
        $result.Passed | Should -BeTrue
        $result.Points | Should -Be 2
    }

    It 'sees how backups stand, which keys there are and what was logged' {
        $status = Get-StingBackupStatus -Detailed
        $status.LastRun.BackupId | Should -Be $second.BackupId
        $status.KeyProtection | Should -Be Passphrase
        (Get-StingKey -Kind KeyVault).State | Should -Be Sealed
        ($second | Get-StingBackupLog)[-1].Message | Should -BeLike 'Completed: *'
    }

    It 'sees which settings differ from their defaults, and since the last run' {
        (Get-StingBackupConfig -Changed).Key | Should -Contain 'time_zone'
        (Get-Content ./sting-backup.yaml) -replace '# keep_days: 90', 'keep_days: 30' | Set-Content ./sting-backup.yaml
        $setting = Get-StingBackupConfig log.keep_days -Changed
        $setting.Value | Should -Be 30
        $setting.ChangedSinceLastRun | Should -BeTrue
        $setting.LastRunValue | Should -Be 90
    }

    It 'is told what a wrong passphrase is' {
        $wrong = ConvertTo-SecureString 'wrong' -AsPlainText
        $failure = Get-TerminatingError { Restore-StingFile document.pdf -Destination ./wrong -Passphrase $wrong }
        $failure.FullyQualifiedErrorId | Should -BeLike 'WrongPassphrase,*'
        './wrong' | Should -Not -Exist
    }

    It 'wrote nothing beside what was named' {
        (Get-ChildItem -Force).Name | Sort-Object | Should -Be @('all', 'backups', 'cache', 'file', 'jar', 'keys', 'logs', 'passphrase', 'person', 'reserve', 'state', 'sting-backup.yaml')
    }
}

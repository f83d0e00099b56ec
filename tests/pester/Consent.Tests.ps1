#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Plans, questions and consent' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        $pdf = Join-Path $PWD 'reserve' 'users' 'user@example.com' 'document.pdf'
        # A session of a script or a remote one, where nobody can be asked.
        function Invoke-Unattended([string] $Command) {
            pwsh -NoProfile -NonInteractive -Command "Import-Module '$((Get-Module StingBackup).Path)'; `$PSStyle.OutputRendering = 'PlainText'; $Command" 2>&1 | Out-String
        }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'puts out the plan of <_> with -WhatIf, and changes nothing' -ForEach @(
        'Invoke-StingBackup -Type Full'
        'Repair-StingRepository'
        'Invoke-StingRetention'
        'Optimize-StingRepository'
        'Restore-StingFile document.pdf'
        'Restore-StingUser user@example.com'
        'Restore-StingHoneyJar jar_123'
        'Restore-StingReserve -Force'
    ) {
        # A plan that names files by the keys is a look, which the audit log has.
        $before = Get-TreeHash . | Where-Object { $_ -notlike '* backups/audit/*' -and $_ -notlike '* state/audit/*' -and $_ -notlike '* cache/*' }
        $plan = & ([scriptblock]::Create("$_ -WhatIf"))
        $plan.GetType().FullName | Should -BeLike 'StingBackup.*Plan'
        Get-TreeHash . | Where-Object { $_ -notlike '* backups/audit/*' -and $_ -notlike '* state/audit/*' -and $_ -notlike '* cache/*' } | Should -Be $before
    }

    It 'names files, bytes and packs in the plan of a restore' {
        $plan = Restore-StingUser user@example.com -BackupId $first.BackupId -WhatIf
        $plan.Files | Should -Be 2
        $plan.Length | Should -Be 35
        $plan.Packs | Should -BeGreaterThan 0
        $plan | Out-String | Should -Match 'Preview +: users/user@example.com'
    }

    It 'heeds $WhatIfPreference, whatever -Force says' {
        $WhatIfPreference = $true
        Restore-StingReserve -Force | Should -BeOfType StingBackup.RestorePlan
    }

    It 'needs no consent for a restore beside what is there' {
        $null = Restore-StingFile document.pdf -BackupId $first.BackupId
        Get-Content $pdf | Should -Be '%PDF-1.7 the second version, which is longer'
        $beside = Get-ChildItem (Split-Path $pdf) -Filter "*$($first.BackupId)*"
        Get-Content $beside | Should -Be '%PDF-1.7 the first version'
        Remove-Item $beside
    }

    It 'refuses to overwrite where nobody can be asked, and says how to agree' {
        $told = Invoke-Unattended 'Restore-StingReserve'
        $told | Should -Match 'needs consent'
        $told | Should -Match '-Confirm:\$false'
        Invoke-Unattended "Restore-StingFile document.pdf -BackupId $($first.BackupId) -ConflictAction Overwrite" | Should -Match 'needs consent'
        Get-Content $pdf | Should -Be '%PDF-1.7 the second version, which is longer'
    }

    It 'takes <_> as consent' -ForEach '-Confirm:$false', '-Force' {
        Invoke-Unattended "Restore-StingReserve -BackupId $($first.BackupId) $_" | Should -Match 'Completed'
        Get-Content $pdf | Should -Be '%PDF-1.7 the first version'
        $null = Restore-StingReserve -Confirm:$false
        Get-Content $pdf | Should -Be '%PDF-1.7 the second version, which is longer'
    }

    It 'keeps, or replaces, or writes beside what is there: -ConflictAction <action>' -ForEach @(
        @{ action = 'Skip'; content = 'mine'; files = 1 }
        @{ action = 'Newer'; content = 'mine'; files = 1 }
        @{ action = 'Rename'; content = 'mine'; files = 2 }
        @{ action = 'Overwrite'; content = '# New'; files = 1 }
    ) {
        $folder = Join-Path $PWD "conflict-$action"
        $null = New-Item -ItemType File -Path (Join-Path $folder 'jars' 'jar_123' 'new.md') -Value 'mine' -Force
        $null = Restore-StingFile new.md -Destination $folder -ConflictAction $action -Confirm:$false
        $found = Get-ChildItem $folder -Recurse -File
        @($found).Count | Should -Be $files
        Get-Content (Join-Path $folder 'jars' 'jar_123' 'new.md') | Should -Be $content
    }

    It 'restores only what is not there yet when it runs again' {
        $null = Restore-StingUser user@example.com -Destination ./twice
        $again = Restore-StingUser user@example.com -Destination ./twice
        $again.BytesRestored | Should -Be 0
        $again.ItemsUnchanged | Should -BeGreaterThan 0
    }
}

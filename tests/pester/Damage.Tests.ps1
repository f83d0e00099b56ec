#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Damage' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        function Set-FlippedByte([string] $Path) {
            $bytes = [System.IO.File]::ReadAllBytes($Path)
            $middle = $bytes.Length -shr 1
            $bytes[$middle] = $bytes[$middle] -bxor 1
            Remove-Item -LiteralPath $Path -Force
            [System.IO.File]::WriteAllBytes($Path, $bytes)
        }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is not there at first' {
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
    }

    It 'of a pack is healed from another tier, and told by the status' {
        New-Item -ItemType Directory ./remote | Out-Null
        Get-ChildItem ./backups -Exclude sessions, gc | Copy-Item -Destination ./remote -Recurse
        $configuration = Get-Content -Raw ./sting-backup.yaml
        $section, $rest = $configuration -split "(?<=\nremote:)", 2
        Set-Content ./sting-backup.yaml ($section + ($rest -replace '\A([\s\S]*?)# location:.*', "`$1location: $((Resolve-Path ./remote).Path)")) -NoNewline
        (Test-StingBackupIntegrity -Level Packs -Tier Remote).Passed | Should -BeTrue
        $pack = Get-ChildItem ./backups/data -Recurse -File | Select-Object -First 1
        Set-FlippedByte $pack.FullName
        $result = Repair-StingRepository -WarningAction SilentlyContinue -WarningVariable warnings
        $result.Healed.From | Should -Be 'Remote'
        $warnings -join ' ' | Should -BeLike '*ObjectHealed*'
        (Get-StingBackupStatus).Warnings -join ' ' | Should -BeLike '*replaced from other tiers*'
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
        Set-Content ./sting-backup.yaml $configuration -NoNewline
    }

    It 'of a pack that no other tier has is put right by its own parity' {
        $configuration = Get-Content -Raw ./sting-backup.yaml
        Set-Content ./sting-backup.yaml ($configuration -replace '(?m)^local:$', "local:`n  parity_percent: 5") -NoNewline
        $looked = Test-StingBackupIntegrity -WarningAction SilentlyContinue
        $looked.Passed | Should -BeTrue
        $looked.PacksWithoutParity | Should -BeGreaterThan 0
        $looked | Out-String -Width 80 | Should -Match 'PacksWithoutParity +: '
        $null = Repair-StingRepository
        Get-ChildItem ./backups/parity -Recurse -File | Should -HaveCount $looked.Packs
        $pack = Get-ChildItem ./backups/data -Recurse -File | Sort-Object Length -Descending | Select-Object -First 1
        $hash = (Get-FileHash $pack).Hash
        Set-FlippedByte $pack.FullName
        $result = Repair-StingRepository -WarningAction SilentlyContinue -WarningVariable warnings
        $result.Healed.From | Should -Be 'Local'
        $warnings -join ' ' | Should -BeLike '*ObjectHealed*its own parity*'
        (Get-FileHash $pack).Hash | Should -Be $hash
        (Test-StingBackupIntegrity -Level Data).PacksWithoutParity | Should -Be 0
        Set-Content ./sting-backup.yaml $configuration -NoNewline
    }

    It 'of the index is named, and repaired from the packs' {
        $fragment = Get-ChildItem ./backups/index -Recurse -File | Select-Object -First 1
        Set-FlippedByte $fragment.FullName
        $result = Test-StingBackupIntegrity -ErrorAction SilentlyContinue
        $result.Passed | Should -BeFalse
        (Repair-StingRepository -WhatIf).Faults.Object | Should -BeLike "*$($fragment.Name)"
        $repaired = Repair-StingRepository
        $repaired.FragmentsReplaced | Should -Be 1
        $repaired.Faults | Should -BeNullOrEmpty
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
    }

    It 'of a pack is named with the files that it hits, on every level that reads it' {
        $script:pack = Get-ChildItem ./backups/data -Recurse -File | Sort-Object Length -Descending | Select-Object -First 1
        Set-FlippedByte $pack.FullName
        (Test-StingBackupIntegrity -Level Structure).Passed | Should -BeTrue -Because 'no pack is read'
        foreach ($level in 'Packs', 'Data') {
            $result = Test-StingBackupIntegrity -Level $level -ErrorAction SilentlyContinue -ErrorVariable failures
            $result.Passed | Should -BeFalse
            $result.Faults[0].Object | Should -BeLike "*$($pack.Name)"
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'IntegrityFault,*'
            $failures[0].CategoryInfo.Category | Should -Be InvalidData
            $failures[0].TargetObject | Should -BeLike "*$($pack.Name)"
            $failures[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
        $result.Faults.Files | Should -Not -BeNullOrEmpty
        $result | Out-String -Width 80 | Should -Match 'Faults +: 1'
        $result.Faults | Out-String -Width 80 | Should -Match 'Remedy +: '
    }

    It 'of a pack that has its parity is read by that, and told' {
        $result = Restore-StingReserve -BackupId $first.BackupId -Destination ./by-parity -Force -WarningVariable warnings -WarningAction SilentlyContinue
        $result.State | Should -Be Completed
        $warnings -join ' ' | Should -BeLike "*ReadByParity*$($pack.Name)*Repair-StingRepository*"
        Remove-Item ./backups/parity -Recurse -Force
    }

    It 'never reaches a restored file, and the rest comes back' {
        $result = Restore-StingReserve -BackupId $first.BackupId -Destination ./restored -Force -ErrorAction SilentlyContinue -ErrorVariable failures
        $result.State | Should -Be CompletedWithErrors
        $failures.Count | Should -Be $result.Errors
        $failures[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        Get-ChildItem ./restored -Recurse -File | Should -Not -BeNullOrEmpty
        # Whatever is there is what the reserve holds too, but for the file that was changed since.
        Get-TreeHash ./restored | Where-Object { $_ -notlike '*document.pdf' -and $_ -notlike '*todo.txt' } | Should -BeIn (Get-TreeHash ./reserve)
    }

    It 'ends a script that asks for it' {
        $failure = Get-TerminatingError { Test-StingBackupIntegrity -Level Packs -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -BeLike 'IntegrityFault,*'
    }

    It 'stands in the audit log: each verification and repair once, with its result' {
        $before = @(Get-StingAuditEvent).Count
        $null = Test-StingBackupIntegrity -Level Packs -ErrorAction SilentlyContinue
        $log = @(Get-StingAuditEvent)
        $log.Count | Should -Be ($before + 1)
        $log[-1].Command | Should -Be 'Test-StingBackupIntegrity'
        $log[-1].Outcome | Should -Match '^Damaged 1: Local, Packs, 2 runs, \d+ packs$'
        $repairs = @($log | Where-Object Command -EQ 'Repair-StingRepository').Outcome
        $repairs.Count | Should -Be 4
        $repairs[0] | Should -Match '^Sound: Local, \d+ packs, 0 index fragments replaced, 0 objects restored, 1 healed$'
        $repairs[2] | Should -Match '^Sound: Local, \d+ packs, 0 index fragments replaced, 0 objects restored, 1 healed$'
        $repairs[3] | Should -Match '^Sound: Local, \d+ packs, 1 index fragments replaced, 0 objects restored, 0 healed$'
        (Test-StingAuditLog).IsSound | Should -BeTrue
    }

    It 'is what the status tells of when it shows without reading packs' {
        Remove-Item -LiteralPath $pack.FullName -Force
        $status = Get-StingBackupStatus
        $status.Health | Should -Be Bad
        $status | Out-String | Should -Match $pack.Name.Substring(0, 16)
    }
}

#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe "STING's old archives" {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null, $second = New-SampleInstallation
        $old, $older = (New-OldArchive '20231102_020000'), (New-OldArchive '20231001_020000')
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'are looked at, and nothing is written' {
        $plan = Import-StingLegacyBackup ./old-backups -WhatIf
        $plan.Importable | Should -Be 2
        $plan.Archives[0].Name | Should -Be 'sting_backup_20231001_020000.tar.gz'
        $plan.Archives[0].Lacks -join ' ' | Should -Match 'chroma_data'
        Get-StingRestorePoint | Where-Object ImportedFrom | Should -BeNullOrEmpty
    }

    It 'become restore points with their dates, from files in a pipeline' {
        $result = Get-ChildItem ./old-backups | Import-StingLegacyBackup
        $result.State | Should -Be Completed
        $result.Archives.BackupId | Should -Be 'backup_20231001_020000', 'backup_20231102_020000'
        (Get-StingRestorePoint)[0].Time.Year | Should -Be 2023
        (Get-StingRestorePoint -Latest).BackupId | Select-Object -Unique | Should -Be $second.BackupId
    }

    It 'are imported once' {
        (Import-StingLegacyBackup $old, $older).Archives.State | Select-Object -Unique | Should -Be AlreadyImported
    }

    It 'come back into a folder of their own' {
        (Restore-StingReserve -BackupId backup_20231102_020000 -Destination ./november -Confirm:$false).State | Should -Be Completed
        Get-Content ./november/legacy/sting_backup_20231102_020000/conf/config.yml | Should -Be 'version: 0'
        './november/users' | Should -Not -Exist
    }

    It 'are refused one by one' {
        [System.IO.File]::WriteAllBytes((Join-Path $PWD 'old-backups/sting_backup_20230901_020000.tar.gz'), [System.IO.File]::ReadAllBytes($old)[0..99])
        $third = New-OldArchive '20230801_020000'
        $result = Import-StingLegacyBackup ./old-backups -ErrorAction SilentlyContinue -ErrorVariable failures
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'LegacyArchiveDamaged,*'
        $result.State | Should -Be CompletedWithErrors
        ($result.Archives | Where-Object Path -EQ $third).State | Should -Be Imported
    }

    It 'say so where there is none' {
        (Get-TerminatingError { Import-StingLegacyBackup ./nowhere }).FullyQualifiedErrorId | Should -BeLike 'LegacyArchiveNotFound,*'
    }
}

#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'The format of a repository moves only when it is asked to' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        # A repository as an earlier version left it, before its format record named a version.
        tar -xzf (Join-Path $PSScriptRoot '..' 'fixtures' 'repositories' 'format-1.tar.gz')
        foreach ($file in 'a.yaml', 'b.yaml') { (Get-Content -Raw $file).Replace('@ROOT@', (Get-Location).Path) | Set-Content $file -NoNewline }
        $null = New-Item -ItemType Directory reserve
        $golden = @{ ConfigPath = './a.yaml'; Passphrase = ConvertTo-SecureString 'golden, and no secret at all' -AsPlainText -Force }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'reads the earlier repository as it is' {
        # The days of some classes are over by the clock of today; what is left is what was written down.
        $known = Get-Content expected/points.txt
        Get-StingRestorePoint -ConfigPath ./a.yaml | ForEach-Object { "$($_.BackupId) $($_.DataClass)" | Should -BeIn $known }
        $result = Test-StingBackupIntegrity -Level Data @golden
        $result.Passed | Should -BeTrue
        $result.Points | Should -Be @($known | ForEach-Object { $_.Split(' ')[0] } | Sort-Object -Unique).Count
    }

    It 'plans the step that is left and changes nothing' {
        $before = Get-FileHash ./backups/format/1
        $plan = Update-StingRepository -ConfigPath ./a.yaml -WhatIf
        $plan.Steps.Name | Should -Be 'program-version'
        $plan | Out-String | Should -Match 'program-version: The format record names'
        (Get-FileHash ./backups/format/1).Hash | Should -Be $before.Hash
    }

    It 'takes it, once' {
        $result = Update-StingRepository @golden -Confirm:$false
        $result.Steps | Should -Be 'program-version'
        (Update-StingRepository -ConfigPath ./a.yaml -WhatIf).Steps | Should -BeNullOrEmpty
        (Update-StingRepository @golden -Confirm:$false).Steps | Should -BeNullOrEmpty
        (Test-StingBackupIntegrity -Level Data @golden).Passed | Should -BeTrue
    }
}

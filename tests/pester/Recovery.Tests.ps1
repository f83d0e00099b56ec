#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Recovery' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is planned without restoring anything' {
        $plan = Test-StingRecovery -Seed 11 -WhatIf
        $plan.Chosen.Count | Should -BeGreaterThan 0
        Test-Path $plan.Destination | Should -BeFalse
        Get-StingRecoveryTest | Should -BeNullOrEmpty
    }

    It 'is tested, and the evidence is kept' {
        $test = Test-StingRecovery -Seed 11
        $test.Passed | Should -BeTrue
        ($test.Checks | Measure-Object Equal -Sum).Sum | Should -Be ($test.Checks | Measure-Object Compared -Sum).Sum
        (Get-StingRecoveryTest $test.Id -WithAuditLog).IsInAuditLog | Should -BeTrue
        ($test | Format-List | Out-String) | Should -BeLike '*Verdict*Passed*'
        (Get-StingRecoveryTarget | Format-Table | Out-String) | Should -BeLike '*Single file*'
        (Get-StingRecoveryTest -Calendar | Format-Table | Out-String) | Should -BeLike '*HoneyJar*'
    }

    It 'from a damaged tier fails, and says why' {
        foreach ($pack in Get-ChildItem ./backups/data -Recurse -File) {
            $bytes = [System.IO.File]::ReadAllBytes($pack.FullName)
            for ($i = 0; $i -lt $bytes.Length; $i++) { $bytes[$i] = $bytes[$i] -bxor 1 }
            Remove-Item -LiteralPath $pack.FullName -Force
            [System.IO.File]::WriteAllBytes($pack.FullName, $bytes)
        }
        $test = Test-StingRecovery -Type HoneyJar -ErrorAction SilentlyContinue -ErrorVariable errors
        $test.Verdict | Should -Be 'Failed'
        $test.Reasons | Should -Not -BeNullOrEmpty
        $errors.FullyQualifiedErrorId -like 'DrillFailed*' | Should -Not -BeNullOrEmpty
    }
}

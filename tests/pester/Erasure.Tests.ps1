#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'A person asks to be forgotten' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $null = New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false
        # What needs an approval: refused first, then approved, then done.
        function Invoke-Approved([scriptblock] $Command) {
            $Command | Should -Throw -ErrorId 'ApprovalRequired*'
            $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
            & $Command
        }
        (Get-Content sting-backup.yaml -Raw) -replace '# ?delay_days: 7', 'delay_days: 0' | Set-Content sting-backup.yaml
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'refuses while a legal hold stands, and says whose' {
        $hold = Add-StingLegalHold user@example.com -Reason 'case 7'
        { Remove-StingSubject user@example.com -Confirm:$false } | Should -Throw '*case 7*' -ErrorId 'LegalHoldStands*'
        (Get-StingLegalHold).Id | Should -Be $hold.Id
        (Invoke-Approved { Remove-StingLegalHold $hold.Id -Confirm:$false }).IsActive | Should -BeFalse
    }

    It 'plans first' {
        $plan = Remove-StingSubject user@example.com -WhatIf
        $plan.Hits[0].Points | Should -Be 2
        $plan | Out-String | Should -Match 'none is rewritten'
    }

    It 'can be stopped' {
        (Invoke-Approved { Remove-StingSubject user@example.com -Confirm:$false } | Stop-StingErasure).State | Should -Be 'Stopped'
        (Complete-StingErasure).Erasures | Should -BeNullOrEmpty
    }

    It 'destroys the key, and proves it' {
        $null = Invoke-Approved { Remove-StingSubject user@example.com -Reference 'ticket 12' -Confirm:$false }
        $result = Complete-StingErasure -Confirm:$false
        $result.State | Should -Be 'Completed'
        (Get-StingErasure -State Completed).Id | Should -Be $result.Erasures[0].Id
        $check = $result.Erasures[0] | Test-StingDestructionCertificate
        $check.IsValid | Should -BeTrue
        $certificate = (Get-Content $result.Erasures[0].Certificate -Raw | ConvertFrom-Json).certificate
        $certificate.verification.backups_cleared | Should -BeTrue
        $certificate.request.reference | Should -Be 'ticket 12'
    }

    It 'leaves everybody else as they were' {
        { Restore-StingUser user@example.com -Destination gone } | Should -Throw -ErrorId 'SubjectErased*'
        $null = Restore-StingReserve -Destination rest -Confirm:$false
        Test-Path (Join-Path 'rest' 'users' 'other@example.com' 'picture of a bee.png') | Should -BeTrue
        Test-Path (Join-Path 'rest' 'users' 'user@example.com') | Should -BeFalse
        (Test-StingBackupIntegrity -Level Data).Passed | Should -BeTrue
    }

    It 'knows one contributor of a jar from the jar' {
        { Remove-StingSubject -HoneyJar jar_123 -Contributor 0b9d7f6e-1111-4000-8000-00000000000a -WhatIf } | Should -Throw -ErrorId 'NothingToErase*'
        $hold = Add-StingLegalHold -HoneyJar jar_123 -Contributor 0b9d7f6e-1111-4000-8000-00000000000a -Reason 'case 9'
        $hold.Subject | Should -Be 'jar:jar_123/user:0b9d7f6e-1111-4000-8000-00000000000a'
        (Remove-StingSubject other@example.com -KeepContributions -WhatIf).Contributions | Should -BeNullOrEmpty
    }

    It 'says where requests of STING would come from' {
        { Get-StingErasureRequest } | Should -Throw -ErrorId 'ErasureFeedMissing*'
    }

    It 'says that there is no server to erase from, where none is configured' {
        { Sync-StingErasure -WhatIf } | Should -Throw -ErrorId 'ErasureSyncNoServer*'
    }

    It 'does not back up again what is left in the reserve' {
        $run = Invoke-StingBackup -ErrorVariable failed -ErrorAction SilentlyContinue
        $run.State | Should -Be 'CompletedWithErrors'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'SubjectErased*'
    }
}

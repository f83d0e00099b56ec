#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Roles, an emergency and its review' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $null = Invoke-StingBackup
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $officer = New-StingApprover 'Security officer' ./officer.approver -ApproverPassphrase $own
        $null = $officer | Register-StingApprover -Confirm:$false
        $plain = Get-Content ./sting-backup.yaml -Raw

        function Set-Role([string] $Role) {
            $lines = @('access:', "  ${Role}: ['user:$([Environment]::UserName)']")
            if ($Role -ne 'security_team') {
                $lines += "  security_team: ['key:$($officer.Fingerprint)']"
            }
            $plain -replace '(?m)^access:$', ($lines -join "`n") | Set-Content ./sting-backup.yaml
        }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'let an operator back up and read, and not restore or delete' {
        Set-Role 'backup_operator'
        (Invoke-StingBackup).State | Should -Be 'Completed'
        Get-StingRestorePoint | Should -Not -BeNullOrEmpty
        { Restore-StingReserve -Destination ./out -Confirm:$false } | Should -Throw -ErrorId 'AccessDenied*'
        { Optimize-StingRepository } | Should -Throw -ErrorId 'AccessDenied*'
        Test-Path ./out | Should -BeFalse
    }

    It 'let an administrator restore with an approval, or in an emergency without' {
        Set-Role 'system_admin'
        { Restore-StingReserve -Destination ./out -Confirm:$false } | Should -Throw -ErrorId 'ApprovalRequired*'
        (Restore-StingReserve -Destination ./out -Confirm:$false -BreakGlass 'The site burns, and nobody answers' -WarningVariable told -WarningAction SilentlyContinue).State | Should -Be 'Completed'
        "$told" | Should -Match 'WITHOUT its approvals'
        (Get-StingBackupStatus).OpenReviews.Count | Should -Be 1
    }

    It 'let the security team close the review' {
        Set-Role 'security_team'
        $review = (Get-StingBackupStatus).OpenReviews[0]
        # Whoever runs this has no key here that approves: the team's list names the account alone.
        { Complete-StingReview $review.Id -Confirm:$false } | Should -Throw -ErrorId 'ApprovalRequired*'
        $plain | Set-Content ./sting-backup.yaml
        $null = Get-StingApproval | Where-Object Command -EQ 'Complete-StingReview' | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        $null = Complete-StingReview $review.Id -Confirm:$false
        (Get-StingBackupStatus).OpenReviews.Count | Should -Be 0
    }

    It 'stand in the audit log, refusals and changes of the configuration too, and go to files' {
        $log = Get-StingAuditEvent
        ($log | Where-Object Outcome -EQ 'AccessDenied').Command | Should -Be 'Restore-StingReserve', 'Optimize-StingRepository'
        # Who looked at what backups hold of whom, once an hour.
        $null = Find-StingItem *; $null = Find-StingItem *
        $look = @(Get-StingAuditEvent -Command Find-StingItem)
        $look.Count | Should -Be 1
        $look[0].Subjects.Count | Should -BeGreaterThan 1
        $look[0].Outcome | Should -Be "Looked at $($look[0].Subjects.Count) subjects"
        $log = Get-StingAuditEvent
        ($log | Where-Object Outcome -EQ 'ConfigurationChanged').Count | Should -BeGreaterThan 2
        (Test-StingAuditLog).IsSound | Should -BeTrue
        $null = Export-StingAuditLog ./audit.jsonl
        (Get-Content ./audit.jsonl | ConvertFrom-Json).Count | Should -Be $log.Count
    }
}

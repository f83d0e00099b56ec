#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Approvals by a second identity' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        Set-ReserveFile 'env/app.env' 'API_KEY=1'
        (Get-Content ./sting-backup.yaml -Raw) -replace '(?m)^reserve:$', "reserve:`n  rules:`n    - {glob: `"env/**`", class: Secrets}" | Set-Content ./sting-backup.yaml
        $null = Invoke-StingBackup
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $restore = @{ DataClass = 'Secrets'; Destination = Join-Path $PWD 'out'; Confirm = $false }
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'begin with an approver, whom the key role enrols' {
        $made = New-StingApprover 'Security officer' ./officer.approver -ApproverPassphrase $own
        ($made | Register-StingApprover -Confirm:$false).Fingerprint | Should -Be $made.Fingerprint
        (Get-StingApprover -WarningAction SilentlyContinue).State | Should -Be 'Enrolled'
    }

    It 'are asked for by a dangerous command that has none' {
        { Restore-StingReserve @restore } | Should -Throw -ErrorId 'ApprovalRequired*'
        (Get-StingApproval).Facts.Name | Should -Contain 'Points'
        Test-Path ./out | Should -BeFalse
    }

    It 'let exactly that be done, once' {
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        $null = Restore-StingReserve @restore
        Get-Content ./out/env/app.env | Should -Be 'API_KEY=1'
        { Restore-StingReserve @restore } | Should -Throw -ErrorId 'ApprovalRequired*'
    }

    It 'can be denied' {
        $denied = Get-StingApproval | Deny-StingApproval -Reason 'Say first for whom'
        $denied.State | Should -Be 'Denied'
        (Get-StingApproval -All | Where-Object Id -EQ $denied.Id).Reason | Should -Be 'Say first for whom'
        Get-StingApproval | Should -BeNullOrEmpty
    }

    It 'are needed to revoke an approver, and the last one stays' {
        { Get-StingApprover -WarningAction SilentlyContinue | Unregister-StingApprover -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'LastApprover*'
    }

    It 'stand in the audit chain, which is whole' {
        # What was planned alone is a look, and noted.
        (Get-StingAuditEvent | Where-Object Command -NE Configuration).Event | Should -Be 'Executed', 'Noted', 'Requested', 'Approved', 'Executed', 'Requested', 'Denied'
        (Get-StingAuditEvent).State | Sort-Object -Unique | Should -Be 'Sound'
        (Test-StingBackupIntegrity).Passed | Should -BeTrue
    }

    It 'can be asked for ahead, taken back and asked for again' {
        $request = Restore-StingReserve @restore -WhatIf | Request-StingApproval
        $request.State | Should -Be 'Open'
        $null = $request | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        ($request | Revoke-StingApproval).State | Should -Be 'Open'
        { Restore-StingReserve @restore } | Should -Throw -ErrorId 'ApprovalRevoked*'
        $null = Get-StingApproval | Deny-StingApproval
        ($request | Request-StingApproval).Id | Should -Not -Be $request.Id
    }
}

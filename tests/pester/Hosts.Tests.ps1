#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'A host that only writes' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        # The other machine: the same repository, folders of its own.
        $text = Get-Content -Raw ./sting-backup.yaml
        foreach ($folder in 'keys', 'state', 'cache', 'logs') {
            $text = $text.Replace((Join-Path $PWD $folder), (Join-Path $PWD 'web-1' $folder))
        }
        Set-Content ./web-1.yaml $text
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is enrolled, backs up, reads nothing, and is revoked' {
        $asked = Register-StingHost -New -HostName web-1 -OutputPath web-1.request -ConfigPath web-1.yaml
        $enrolled = Register-StingHost -Request web-1.request -OutputPath web-1.package -Count 20
        $enrolled.Fingerprint | Should -Be $asked.Fingerprint
        (Register-StingHost -Package web-1.package -ConfigPath web-1.yaml).Spares | Should -Be 20
        (Invoke-StingBackup -Type Full -ConfigPath web-1.yaml).State | Should -Be Completed
        { Find-StingItem document.pdf -ConfigPath web-1.yaml -ErrorAction Stop } | Should -Throw '*can write, but not read*'
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $null = New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false
        { Unregister-StingHost web-1 -LastGoodPoint none -Confirm:$false } | Should -Throw -ErrorId 'ApprovalRequired*'
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        (Unregister-StingHost web-1 -LastGoodPoint none -Confirm:$false).LostPoints | Should -HaveCount 1
        { Invoke-StingBackup -ConfigPath web-1.yaml -ErrorAction Stop } | Should -Throw '*revoked this host*'
    }
}

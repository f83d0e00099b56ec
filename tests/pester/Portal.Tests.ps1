#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'The portal' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $address = "http://127.0.0.1:$($listener.LocalEndpoint.Port)"
        $listener.Stop()
        $file = Join-Path $PWD 'sting-backup.yaml'
        $text = Get-Content -Raw $file
        Set-Content $file $text.Replace("`nportal:`n", "`nportal:`n  address: $address`n") -NoNewline
    }

    AfterAll {
        Get-Job | Remove-Job -Force
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'tells beforehand where it listens and what it unlocks' {
        $plan = Start-StingPortal -WhatIf
        $plan.Address | Should -Be $address
        $plan.Unlocks | Should -Match 'lies open'
        $plan.Program | Should -Exist
    }

    It 'lets a person in by a link, once, and ends with its job' {
        $job = Start-StingPortal -AsJob
        foreach ($i in 1..600) {
            if ($job.State -ne 'Running' -or (Test-Connection 127.0.0.1 -TcpPort ([uri] $address).Port -Quiet)) { break }
            Start-Sleep -Milliseconds 100
        }
        $job.State | Should -Be Running
        $link = 'user@example.com' | New-StingPortalLink -Minutes 5
        $link.Expires | Should -BeLessThan (Get-Date).AddMinutes(6)
        $page = Invoke-WebRequest $link.Link -SessionVariable session
        $page.Content | Should -Match 'Sign in as user@example.com'
        $form = @{ code = ([uri] $link.Link).Query.Split('=')[1]; __RequestVerificationToken = [regex]::Match($page.Content, 'RequestVerificationToken" type="hidden" value="([^"]+)"').Groups[1].Value }
        $null = Invoke-WebRequest "$address/sign-in/link" -Method Post -Body $form -WebSession $session
        (Invoke-RestMethod "$address/api/v1/me" -WebSession $session).hasOwnData | Should -BeTrue
        (Invoke-WebRequest $link.Link).Content | Should -Match 'This link is over'
        Stop-Job $job
        $job.State | Should -Be Stopped
        { Invoke-WebRequest "$address/sign-in" -TimeoutSec 5 } | Should -Throw
        (Get-StingAuditEvent | Where-Object Command -EQ New-StingPortalLink).Outcome | Should -Be 'Link(person)'
    }
}

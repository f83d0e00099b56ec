#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Monitoring' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'shows its figures in 80 columns' {
        $shown = Export-StingMetric sting.prom -WhatIf | Out-String -Width 80
        $shown | Should -Match 'backup_success_rate\s+Good'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'writes them for Prometheus' {
        Export-StingMetric sting.prom | Should -BeOfType System.IO.FileInfo
        Get-Content sting.prom | Should -Contain 'sting_backup_restore_points 2'
    }
}

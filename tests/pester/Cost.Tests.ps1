#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Costs' {
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

    It 'are told by tier and class, in 80 columns' {
        $cost = Measure-StingCost
        $cost.Tiers[0].Length | Should -BeGreaterThan 0
        ($cost.Classes | Measure-Object Local -Sum).Sum | Should -Be $cost.Tiers[0].Needed
        $shown = $cost | Out-String -Width 80
        $shown | Should -Match 'UserFiles'
        $shown | Should -Match 'compression .* \$0\.00 a month'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'are told for days to come, in 80 columns' {
        $forecast = Measure-StingCost -Forecast -Day 30, 90
        $forecast.Days.Day | Should -Be 30, 90
        $shown = $forecast | Out-String -Width 80
        $shown | Should -Match 'in 90 days .* a month'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'are told by person, the dearest first' {
        $subjects = Measure-StingCost -BySubject
        $subjects.Subject | Should -Contain 'jar:jar_123'
        $subjects.Length | Should -Be ($subjects.Length | Sort-Object -Descending)
    }
}

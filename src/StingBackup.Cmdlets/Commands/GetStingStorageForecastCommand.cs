using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle.Forecast;

namespace StingBackup.Cmdlets.Commands;

/// <summary>How much will be stored on each tier, by data class and day.</summary>
[Cmdlet(VerbsCommon.Get, "StingStorageForecast")]
[OutputType(typeof(StorageForecast), typeof(TierForecast))]
public sealed class GetStingStorageForecastCommand : InstallationCmdlet
{
    /// <summary>Days to tell of.</summary>
    [Parameter(Position = 0, HelpMessage = "Days from the first run to tell of: 30, 90, 365; the one from which on nothing grows is added")]
    [PSDefaultValue(Help = "30, 90, 365")]
    [ValidateNotNullOrEmpty]
    public int[]? Day { get; set; }

    /// <summary>What the reserve is like.</summary>
    [Parameter(HelpMessage = "What a class is like, instead of as measured: UserFiles=2TB/1000000/1% (bytes, items, changed a day)")]
    [ValidateNotNullOrEmpty]
    public string[]? Class { get; set; }

    /// <summary>Time between two runs.</summary>
    [Parameter(HelpMessage = "Time between two runs, such as 01:00:00")]
    [PSDefaultValue(Help = "The shortest interval of the schedule")]
    public TimeSpan? Every { get; set; }

    /// <summary>Outputs each tier and day.</summary>
    [Parameter(HelpMessage = "Output each tier on each day, instead of the forecast")]
    public SwitchParameter All { get; set; }

    private protected override void Execute()
    {
        var request = new ForecastRequest { Classes = Class ?? [], Every = Every };
        var forecast = Wait(ForecastJob.RunAsync(Installation, Day is null ? request : request with { Days = Day }, Cancel));
        if (All)
        {
            WriteObject(forecast.Tiers, enumerateCollection: true);
            return;
        }
        WriteObject(forecast);
    }
}

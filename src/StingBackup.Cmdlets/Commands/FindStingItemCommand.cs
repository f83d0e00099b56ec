using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Every version of a file over time.</summary>
[Cmdlet(VerbsCommon.Find, "StingItem")]
[OutputType(typeof(ItemVersion))]
public sealed class FindStingItemCommand : UnlockingCmdlet
{
    /// <summary>A name, a path or a pattern.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "A name found in any folder, a path, or a pattern such as *.pdf")]
    [Alias("Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = null!;

    /// <summary>Only this subject.</summary>
    [Parameter(Position = 1, HelpMessage = "Only what belongs to this person or honey jar")]
    [Alias("User")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>Only this data class.</summary>
    [Parameter(HelpMessage = "Only this data class")]
    [PSDefaultValue(Help = "All")]
    public DataClass? DataClass { get; set; }

    /// <summary>From this day or moment on.</summary>
    [Parameter(HelpMessage = "From this day or moment on")]
    [ValidateNotNullOrEmpty]
    public string? From { get; set; }

    /// <summary>Up to this day or moment.</summary>
    [Parameter(HelpMessage = "Up to the end of this day, or up to this moment")]
    [ValidateNotNullOrEmpty]
    public string? To { get; set; }

    private protected override void Execute()
    {
        using var catalog = new Catalog(Installation, ReportDamage);
        var query = new PointQuery { DataClass = DataClass, From = PointRange.First(From, Installation.Zone), To = PointRange.Last(To, Installation.Zone) };
        EmitWithDamage(catalog.FindAsync(Name, Subject, query, Cancel));
    }
}

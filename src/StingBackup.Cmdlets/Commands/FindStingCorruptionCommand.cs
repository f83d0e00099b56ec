using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Clean;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Finds between which restore points files went bad, by a test of their versions.</summary>
[Cmdlet(VerbsCommon.Find, "StingCorruption", DefaultParameterSetName = ByName)]
[OutputType(typeof(CorruptionWindow))]
public sealed class FindStingCorruptionCommand : UnlockingCmdlet
{
    private const string ByName = "Name", ByTest = "Test", ByHash = "Hash";

    /// <summary>Which files.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "A name found in any folder, a path, or a pattern such as *.pdf; without it every file of User")]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Whose.</summary>
    [Parameter(Position = 1, HelpMessage = "Only what belongs to this person or honey jar")]
    [Alias("Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>What tells a good version.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByTest, HelpMessage = "Says whether a version is good: gets the path of a file with its content as $_, and outputs true or false")]
    [ValidateNotNull]
    public ScriptBlock Test { get; set; } = null!;

    /// <summary>The content of a good version.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByHash, HelpMessage = "The SHA-256 of a good version, 64 hexadecimal digits")]
    [ValidatePattern("^[0-9A-Fa-f]{64}$")]
    public string Sha256 { get; set; } = "";

    /// <summary>Tests by name.</summary>
    [Parameter(ParameterSetName = ByName, HelpMessage = "The test where no other is given: a version begins as its name says, and does not look enciphered")]
    public SwitchParameter Magic { get; set; }

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
        if (Path is null && User is null)
        {
            throw new StingException("RestoreRequestInvalid", FailureKind.InvalidArgument, "Neither a file nor a person is named.", null, "Name files by -Path, or whose by -User.");
        }
        using var search = new CorruptionSearch(Installation, ReportDamage);
        var query = new PointQuery { DataClass = DataClass, From = PointRange.First(From, Installation.Zone), To = PointRange.Last(To, Installation.Zone) };
        EmitWithDamage(Windows(search, query).ToAsyncEnumerable());
    }

    private IEnumerable<CorruptionWindow> Windows(CorruptionSearch search, PointQuery query)
    {
        // Pulled from the pipeline's thread, on which script blocks must run.
        foreach (var found in search.CasesAsync(Path, User, query, Cancel).ToBlockingEnumerable(Cancel))
        {
            while (found.Next is not null)
            {
                TestNext(found);
            }
            var window = found.Result();
            // Of all that somebody has only what went bad is news.
            if (Path is not null || window.Verdict is CorruptionVerdict.Found or CorruptionVerdict.Unreadable)
            {
                yield return window;
            }
        }
    }

    private void TestNext(CorruptionCase found)
    {
        try
        {
            switch (ParameterSetName)
            {
                case ByHash:
                    Wait(new ValueTask<bool>(HashAsync(found)));
                    break;
                case ByTest:
                    RunTest(found);
                    break;
                default:
                    found.TestByName(Cancel);
                    break;
            }
        }
        catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotFound)
        {
            found.GiveUp(e.Message);
            ReportDamage(e);
        }
    }

    private async Task<bool> HashAsync(CorruptionCase found)
    {
        await found.TestByHashAsync(Convert.FromHexString(Sha256), Cancel).ConfigureAwait(false);
        return true;
    }

    private void RunTest(CorruptionCase found)
    {
        using var folder = new TestFolder();
        // With its own name, for tests that go by the extension.
        var path = folder.PathOf(found.Path[(found.Path.LastIndexOf('/') + 1)..]);
        Wait(new ValueTask<bool>(FetchAsync(found, path)));
        try
        {
            var output = Test.InvokeWithContext(null, [new PSVariable("_", path)], path);
            var isGood = output.Count > 0 && LanguagePrimitives.IsTrue(output[^1]);
            found.Answer(isGood, isGood ? "" : "the test said no");
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            found.Answer(false, $"the test failed: {e.Message}");
        }
    }

    private async Task<bool> FetchAsync(CorruptionCase found, string path)
    {
        await found.FetchAsync(path, Cancel).ConfigureAwait(false);
        return true;
    }
}

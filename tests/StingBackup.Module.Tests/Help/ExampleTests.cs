using StingBackup.HelpBuilder;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Help;

/// <summary>Every example of every page runs as it stands there, in the folder of a sample installation.</summary>
public sealed class ExampleTests
{
    public static TheoryData<string, string> Examples => ExamplesWhere(page => !NeedsDatabase(page));

    public static TheoryData<string, string> DatabaseExamples => ExamplesWhere(NeedsDatabase);

    private static bool NeedsDatabase(string page) => page.EndsWith("-StingMetadataCapture", StringComparison.Ordinal) || page is "Restore-StingDatabase" or "Sync-StingErasure" or "Get-StingErasureRequest";

    private static TheoryData<string, string> ExamplesWhere(Func<string, bool> chosen)
    {
        var data = new TheoryData<string, string>();
        foreach (var page in Directory.EnumerateFiles(Repository.Help, "*-*.md").Order(StringComparer.Ordinal).Select(f => PageReader.Read(f, File.ReadAllText(f))).Where(p => chosen(p.Name)))
        {
            foreach (var example in page.Examples)
            {
                data.Add(page.Name, example.Title);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void It_runs(string page, string title)
    {
        using var sample = SampleInstallation.Copy();
        if (page.Contains("-StingTier", StringComparison.Ordinal))
        {
            sample.AddRemoteTier();
        }
        if (page == "Export-StingMetric")
        {
            sample.AddCollector();
        }
        Run(sample, page, title);
    }

    [PostgresTheory]
    [MemberData(nameof(DatabaseExamples))]
    public void It_runs_with_a_database(string page, string title)
    {
        using var captured = CapturedSample.Create();
        Run(captured.Sample, page, title);
    }

    private static void Run(SampleInstallation sample, string page, string title)
    {
        var path = Path.Combine(Repository.Help, $"{page}.md");
        var example = PageReader.Read(path, File.ReadAllText(path)).Examples.Single(e => e.Title == title);
        using var shell = sample.OpenShell();
        // Where an example overwrites, a person would say yes.
        for (var i = 0; i < 5; i++)
        {
            shell.Host.Answers.Enqueue("y");
        }
        var output = shell.Run(example.Code).Succeeded().Output;
        Assert.True(output.Count > 0 || example.Remarks.Contains("No output", StringComparison.Ordinal), "It outputs nothing, and does not say that it may.");
    }
}

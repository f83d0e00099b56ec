using StingBackup.Engine.Discovery;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>Whom a first run would need keys for, counted before it.</summary>
public sealed class SubjectSurveyTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder _folder = new();
    private StingSite _site = null!;
    private string _configuration = "";

    public async Task InitializeAsync()
    {
        if (PostgresBinaries.Missing is null)
        {
            _site = await StingSite.CreateAsync(_folder["site"], new StingSiteOptions { Seed = 77 });
            _configuration = await _site.ProtectAsync(_folder["backup"], TimeProvider.System);
        }
    }

    public async Task DisposeAsync() => await (_site?.DisposeAsync() ?? ValueTask.CompletedTask);

    public void Dispose() => _folder.Dispose();

    private Task<Installation> OpenAsync() => Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(_configuration), new InstallationOptions(), default).AsTask();

    [PostgresFact]
    public async Task It_names_whom_the_run_then_holds_and_who_still_needs_a_key()
    {
        await using var installation = await OpenAsync();
        var writer = Assert.IsType<SubjectWriter>(installation.Host!.Subjects);
        var (survey, unclaimed) = await SubjectSurvey.TakeAsync(installation, writer, default);
        Assert.Empty(survey.Unasked);
        Assert.Equal(survey.Subjects.Count, unclaimed);
        Assert.All(_site.Plan.People, person => Assert.Contains(person.KratosId is { } uuid ? $"user:{uuid}" : $"user#{person.Id}", survey.Subjects));
        Assert.All(_site.Plan.Jars, jar => Assert.Contains($"jar:{jar.Id}", survey.Subjects));

        await SiteJobs.BackupAsync(_configuration, BackupType.Full);
        await using var after = await OpenAsync();
        using (var repository = await RepositoryReading.OpenAsync(after, default))
        {
            var held = (await repository.Subjects.AllAsync([.. repository.Finder.All], default)).Trees.Select(t => t.Subject).ToHashSet(StringComparer.Ordinal);
            Assert.Empty(held.Except(survey.Subjects, StringComparer.Ordinal));
        }
        Assert.True((await SubjectSurvey.TakeAsync(after, (SubjectWriter)after.Host!.Subjects, default)).Unclaimed <= survey.Subjects.Count / 10);
    }

    [PostgresFact]
    public async Task A_source_that_is_down_is_named_and_the_others_are_counted()
    {
        _site.Vault.Sealed = true;
        await _site.Cluster.StopAsync();
        await using var installation = await OpenAsync();
        var (survey, _) = await SubjectSurvey.TakeAsync(installation, (SubjectWriter)installation.Host!.Subjects, default);
        Assert.Equal(["Vault", "PostgreSQL"], survey.Unasked.Select(u => u.Source));
        Assert.Contains(survey.Subjects, s => s.StartsWith("jar:", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task Too_few_spares_are_told_before_the_run()
    {
        await using var installation = await OpenAsync();
        Assert.Empty(await SpareOutlook.LookAsync(installation, default));   // without a passphrase the host mints by itself
    }
}

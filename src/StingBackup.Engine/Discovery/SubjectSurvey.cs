using System.Globalization;
using System.Text;
using Npgsql;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Discovery;

/// <summary>
/// Whom the sources hold something of, before any run: people and jars by their folders (mounted ones too), owners of secrets in Vault, people, jars and contributors in the databases. Each of them needs a key
/// that is made ahead; what is counted here is what a first run would ask for. Reads names alone.
/// </summary>
/// <param name="Subjects">Canonical names.</param>
/// <param name="Unasked">Sources that could not be asked, and why.</param>
internal sealed record SubjectSurvey(IReadOnlySet<string> Subjects, IReadOnlyList<(string Source, string Reason)> Unasked)
{
    /// <summary>A source that does not answer keeps nobody waiting for longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Takes it.</summary>
    /// <param name="configuration">Which sources there are.</param>
    /// <param name="map">Places files.</param>
    /// <param name="users">Places secrets.</param>
    /// <param name="host">Reads folders.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<SubjectSurvey> TakeAsync(StingConfiguration configuration, ReserveMap map, UsersMap users, IHostView host, TimeProvider clock, CancellationToken cancel)
    {
        var subjects = new HashSet<string>(map.DiscoverSubjects(configuration.Reserve.Path, host), StringComparer.Ordinal);
        var unasked = new List<(string, string)>();
        if (configuration.Vault is { } vault)
        {
            await AskAsync("Vault", stop => AddOwnersAsync(vault, users, host, clock, subjects, stop), unasked, clock, cancel).ConfigureAwait(false);
        }
        if (configuration.PostgreSql is { } postgres)
        {
            await AskAsync("PostgreSQL", stop => AddRowsAsync(postgres, subjects, stop), unasked, clock, cancel).ConfigureAwait(false);
        }
        return new SubjectSurvey(subjects, unasked);
    }

    /// <summary>The survey of an installation, and how many of its subjects have no key in the repository yet.</summary>
    public static async ValueTask<(SubjectSurvey Survey, int Unclaimed)> TakeAsync(Installation installation, SubjectWriter writer, CancellationToken cancel)
    {
        var survey = installation.Configuration is { } configuration
            ? await TakeAsync(configuration, installation.Map, installation.Users, installation.HostView, installation.Clock, cancel).ConfigureAwait(false)
            : new SubjectSurvey(installation.Map.DiscoverSubjects(installation.ReserveRoot, installation.HostView).ToHashSet(StringComparer.Ordinal), []);
        return (survey, await writer.CountUnclaimedAsync(survey.Subjects, cancel).ConfigureAwait(false));
    }

    private static async ValueTask AskAsync(string source, Func<CancellationToken, Task> ask, List<(string, string)> unasked, TimeProvider clock, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            await ask(stop.Token).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            unasked.Add((source, e.Message));
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            unasked.Add((source, e.Message));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            unasked.Add((source, string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience.TotalSeconds:0} seconds.")));
        }
    }

    private static async Task AddOwnersAsync(VaultSettings settings, UsersMap users, IHostView host, TimeProvider clock, HashSet<string> subjects, CancellationToken cancel)
    {
        using var client = ConfiguredSources.OpenVault(settings, host, clock);
        await client.LogInAsync(cancel).ConfigureAwait(false);
        var prefix = settings.Prefix.Trim('/');
        foreach (var name in await new VaultKv(client, settings.Mount, clock).ListAsync(prefix, cancel).ConfigureAwait(false) ?? [])
        {
            var path = string.Join('/', $"{prefix}/{name.TrimEnd('/')}".Split('/', StringSplitOptions.RemoveEmptyEntries).Select(p => Encoding.UTF8.GetString(VaultPaths.ToFileName(p, isBesideFolder: false))));
            subjects.Add(VaultPaths.Classify(EntryPath.Parse(path), users).Subject);
        }
    }

    private static async Task AddRowsAsync(PostgresSettings settings, HashSet<string> subjects, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await CatalogSessions.RunAsync(server, null, CatalogSessions.ReadOnly, "look for people and jars in", async sessions =>
        {
            foreach (var (connection, _, catalog) in sessions.Each())
            {
                foreach (var table in catalog.Tables.Where(t => !t.IsPartitioned && NamesSubjects(t)))
                {
                    var plan = OwnerPlan.Of(table, catalog);
                    await using var command = new NpgsqlCommand($"SELECT DISTINCT pg_catalog.left({plan.Expression}, 300) FROM ONLY {table.Sql} AS t{plan.Joins}", connection);
                    await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
                    while (await reader.ReadAsync(cancel).ConfigureAwait(false))
                    {
                        subjects.Add(OwnerPlan.Subject(await reader.IsDBNullAsync(0, cancel).ConfigureAwait(false) ? null : reader.GetString(0), sessions.People));
                    }
                }
            }
            return subjects.Count;
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>Tables of people, identities, jars, and of what somebody brought into a jar: whoever owns any other row stands in one of these.</summary>
    private static bool NamesSubjects(TableInfo table) => OwnerRules.IsUsers(table) || OwnerRules.IsIdentities(table) || OwnerRules.IsJars(table)
        || (OwnerRules.JarColumns.Any(c => table.Column(c) is not null) && OwnerRules.ContributorColumns.Any(c => table.Column(c) is not null));
}

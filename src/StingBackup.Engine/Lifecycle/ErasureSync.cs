using StingBackup.Engine.Chroma;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Chroma;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Lifecycle;

/// <summary>
/// Applies the erasure ledger to running services: databases, a Vault or a Chroma that were restored as of before an erasure have again what was erased. Finds rows, secrets and vectors by the tag of
/// whoever each belongs to, since the ledger has no names. Needs this host's directory key and no passphrase.
/// </summary>
public static class ErasureSync
{
    /// <summary>What would be deleted.</summary>
    /// <exception cref="StingException"><c>ErasureSyncNoServer</c>, and those of PostgreSQL, Vault and Chroma</exception>
    public static async ValueTask<ErasureSyncPlan> PlanAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingErasure");
        ArgumentNullException.ThrowIfNull(installation);
        var configuration = Require(installation);
        using var services = new Services(configuration, installation);
        var found = await services.FindAsync(cancel).ConfigureAwait(false);
        var plan = new ErasureSyncPlan { Server = services.Location, Erased = installation.Ledger.Entries.Count, Rows = found.Rows.ToArray(), Items = found.Items.ToArray() };
        return IsEmpty(plan) ? plan : plan with { Approval = await Guard.LookAsync(installation, DangerOf(installation, plan), cancel).ConfigureAwait(false) };
    }

    /// <summary>Deletes it, once a second identity has approved it; where there is nothing to delete nobody is asked. Rows go in one transaction a database.</summary>
    /// <exception cref="StingException"><c>ErasureSyncNoServer</c>, those of PostgreSQL, Vault and Chroma, and <c>ApprovalRequired</c> with the others of <see cref="Guard"/></exception>
    public static async ValueTask<ErasureSyncResult> RunAsync(Installation installation, ErasureSyncPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Sync-StingErasure");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var configuration = Require(installation);
        return IsEmpty(plan) ? new ErasureSyncResult { State = StateOf(plan.Rows), Server = plan.Server, Erased = plan.Erased, Rows = plan.Rows }
            : await Guard.RunAsync(installation, DangerOf(installation, plan), token => DeleteAsync(installation, configuration, token), static result => result.State.ToString(), cancel).ConfigureAwait(false);
    }

    private static async Task<ErasureSyncResult> DeleteAsync(Installation installation, StingConfiguration configuration, CancellationToken cancel)
    {
        using var services = new Services(configuration, installation);
        var found = await services.FindAsync(cancel).ConfigureAwait(false);
        var rows = await services.DeleteAsync(found, cancel).ConfigureAwait(false);
        return new ErasureSyncResult
        {
            State = StateOf(rows), Server = services.Location, Erased = installation.Ledger.Entries.Count,
            Rows = rows.ToArray(), Items = found.Items.ToArray(),
        };
    }

    /// <summary>What decides is the ledger, which was approved entry by entry: counts change while an approver reads.</summary>
    internal static DangerousPlan DangerOf(Installation installation, ErasureSyncPlan plan) => new("Sync-StingErasure", plan.Server)
    {
        Facts =
        [
            new PlanFact("Deletes", "every row, secret and vector of whoever the ledger names"), new PlanFact("Ledger entries", plan.Erased.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new PlanFact("Ledger head", installation.Ledger.Head.ToString()),
        ],
        Subjects = [.. installation.Ledger.Entries.Select(entry => entry.Pseudonym)],
    };

    /// <summary>Rows that must stay since others' refer to them are no reason to ask anybody.</summary>
    private static bool IsEmpty(ErasureSyncPlan plan) => plan.Items.Count == 0 && plan.Rows.All(table => table.Rows == 0);

    private static JobState StateOf(IReadOnlyList<ErasedRowCount> rows) => rows.Any(table => table.Kept > 0) ? JobState.CompletedWithErrors : JobState.Completed;

    private static StingConfiguration Require(Installation installation) => installation.Configuration is { } configuration && (configuration.PostgreSql ?? configuration.Vault ?? (object?)configuration.Chroma?.Address) is not null
        ? configuration
        : throw new StingException("ErasureSyncNoServer", FailureKind.InvalidConfiguration, "No database server, no Vault and no Chroma is configured: there is nothing to apply the erasure ledger to.", installation.Configuration?.File,
            "Set postgresql.host, vault.address or chroma.address to the service that was restored.");

    /// <summary>What was found.</summary>
    private sealed record Found(IReadOnlyList<ErasedRowCount> Rows, IReadOnlyList<ErasedSecrets> Secrets, IReadOnlyList<ErasedVectors> Vectors)
    {
        public IEnumerable<ErasedItemCount> Items =>
        [
            .. Secrets.Select(owner => new ErasedItemCount("Vault", owner.Folder, owner.Secrets.Count, IsWhole: true)),
            .. Vectors.Select(vectors => new ErasedItemCount("Chroma", vectors.Collection.Name, vectors.Records.Count, vectors.IsWhole)),
        ];
    }

    /// <summary>The services of a configuration, each looked through whole before anything of any goes: people are known by rows of the databases.</summary>
    private sealed class Services : IDisposable
    {
        private readonly StingConfiguration _configuration;
        private readonly Installation _installation;
        private readonly VaultClient? _vault;
        private readonly ChromaClient? _chroma;

        public Services(StingConfiguration configuration, Installation installation)
        {
            (_configuration, _installation) = (configuration, installation);
            _vault = configuration.Vault is { } vault ? ConfiguredSources.OpenVault(vault, installation.HostView, installation.Clock) : null;
            _chroma = configuration.Chroma is { Address: not null } chroma ? ConfiguredSources.OpenChroma(chroma, installation.Clock) : null;
        }

        public string Location => string.Join(", ", ((string?[])[_configuration.PostgreSql?.Location, Kv?.Location, _chroma?.Location]).OfType<string>());

        private VaultKv? Kv => _vault is null ? null : new VaultKv(_vault, _configuration.Vault!.Mount, _installation.Clock);

        public async ValueTask<Found> FindAsync(CancellationToken cancel)
        {
            if (_installation.Ledger.Entries.Count == 0)
            {
                return new Found([], [], []);
            }
            var resolve = _configuration.PostgreSql is { } server ? (await ContributorReader.ReadAsync(server, cancel).ConfigureAwait(false)).Resolve : JarContributors.ByIdAlone;
            IReadOnlyList<ErasedSecrets> secrets = Kv is not { } kv ? [] : await SecretErasure.FindAsync(kv, _configuration.Vault!.Prefix,
                owner => SecretErasure.SubjectsOf(owner, _installation.Users, resolve), IsErased, cancel).ConfigureAwait(false);
            IReadOnlyList<ErasedVectors> vectors = _chroma is null ? [] : await VectorErasure.FindAsync(_chroma, new CollectionOwners(resolve), IsErased, cancel).ConfigureAwait(false);
            return new Found(await RowsAsync(dryRun: true, cancel).ConfigureAwait(false), secrets, vectors);
        }

        /// <summary>Vectors and secrets first: once the rows are gone nothing tells whose they are. What failed in between is found again by the next try.</summary>
        public async ValueTask<IReadOnlyList<ErasedRowCount>> DeleteAsync(Found found, CancellationToken cancel)
        {
            if (_chroma is not null)
            {
                await VectorErasure.RemoveAsync(_chroma, found.Vectors, cancel).ConfigureAwait(false);
            }
            if (Kv is { } kv)
            {
                await SecretErasure.RemoveAsync(kv, found.Secrets, cancel).ConfigureAwait(false);
            }
            return await RowsAsync(dryRun: false, cancel).ConfigureAwait(false);
        }

        public void Dispose()
        {
            _vault?.Dispose();
            _chroma?.Dispose();
        }

        private async ValueTask<IReadOnlyList<ErasedRowCount>> RowsAsync(bool dryRun, CancellationToken cancel) => _configuration.PostgreSql is not { } server ? []
            : [.. (await SubjectErasure.RunAsync(server, IsErased, dryRun, cancel).ConfigureAwait(false)).Select(table => new ErasedRowCount(table.Database, table.Table, table.Rows, table.Kept))];

        /// <summary>A contributor goes with his jar too, also one whom no backup ever met.</summary>
        private bool IsErased(string subject) => IsInLedger(subject) || (SubjectNames.ContributorOf(subject) is { } person && IsInLedger(subject[..^(person.Length + 1)]));

        private bool IsInLedger(string name) => _installation.Ledger.FindTag(_installation.Subjects.TagOf(name)) is not null;
    }
}

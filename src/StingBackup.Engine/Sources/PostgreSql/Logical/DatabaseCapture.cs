using System.Text;
using Npgsql;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>Takes the databases one by one: schema, sequences, rows. A table that fails is told and the others go on.</summary>
internal sealed class DatabaseCapture(PostgresServer server, LogicalCaptureOptions options, CaptureSpool spool, CaptureTree tree, List<StingException> notices)
{
    private readonly KnownPeople _people = new();

    public async Task RunAsync(IReadOnlyList<SnapshotSession> sessions, SchemaDump dump, CancellationToken cancel)
    {
        var catalogs = new List<(SnapshotSession Session, TableCatalog Catalog)>();
        foreach (var session in sessions)
        {
            catalogs.Add((session, await LockedCatalogAsync(session, cancel).ConfigureAwait(false)));
        }
        // Everybody first: rows of one database name people of another.
        foreach (var (session, catalog) in catalogs)
        {
            await GuardAsync(session, "the table of people", () => _people.AddAsync(session.Connection, catalog, cancel), cancel).ConfigureAwait(false);
        }
        // The programs that read schemas take longer than the rows of a small database, so they run beside them.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var globals = dump.ReadGlobalsAsync(options.WithRolePasswords, stop.Token);
        var schemas = catalogs.ConvertAll(c => dump.ReadAsync(c.Session, stop.Token));
        try
        {
            foreach (var (session, catalog) in catalogs)
            {
                await GuardAsync(session, "the sequences", () => SequencesAsync(session, cancel), cancel).ConfigureAwait(false);
                await TablesAsync(session, catalog, cancel).ConfigureAwait(false);
                await TellWhatIsLeftOutAsync(session, cancel).ConfigureAwait(false);
            }
            dump.AddGlobals(await globals.ConfigureAwait(false));
            foreach (var schema in schemas)
            {
                dump.Add(await schema.ConfigureAwait(false));
            }
        }
        finally
        {
            // None outlives the snapshots; what failed first is what is told.
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll([globals, .. schemas]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TableCatalog> LockedCatalogAsync(SnapshotSession session, CancellationToken cancel)
    {
        var catalog = await TableCatalog.ReadAsync(session.Connection, cancel).ConfigureAwait(false);
        foreach (var table in catalog.Tables)
        {
            await GuardAsync(session, $"the table {session.Database}.{table.Display}", () => session.LockAsync(table, cancel), cancel).ConfigureAwait(false);
        }
        return catalog;
    }

    private async Task TablesAsync(SnapshotSession session, TableCatalog catalog, CancellationToken cancel)
    {
        var rows = new RowSpooler(spool, _people);
        var excluded = Excluded(session.Database, catalog);
        var unowned = new List<string>();
        foreach (var table in catalog.Tables.Where(t => !t.IsPartitioned && !excluded.Contains(t.Oid) && t.Columns.Count > 0))
        {
            var name = $"{session.Database}.{table.Display}";
            var plan = OwnerPlan.Of(table, catalog);
            if (plan.IsSystem && !OwnerRules.IsOfTheSystem(table))
            {
                unowned.Add(table.Display);
                notices.Add(new StingException("PostgresOwnerUnknown", FailureKind.NotSupported, $"No column of the table {name} says whom its rows belong to; they are kept under 'system'.", name,
                    "Nothing, when they are the installation's own. A person's rows in it come back with the whole database, not with the person, and her erasure does not reach them by key."));
            }
            await GuardAsync(session, $"the table {name}", async () =>
            {
                foreach (var (subject, file) in await rows.SpoolAsync(session.Connection, table, plan, cancel).ConfigureAwait(false))
                {
                    tree.Add(EntryPath.FromBytes(Encoding.UTF8.GetBytes(CapturePath.OfRows(session.Database, subject, table.Schema, table.Name))), file);
                }
            }, cancel).ConfigureAwait(false);
        }
        TellRenamed(session.Database, catalog, unowned);
    }

    /// <summary>Rows that others refer to cannot be left out: their database could not be put together again.</summary>
    private HashSet<uint> Excluded(string database, TableCatalog catalog)
    {
        var excluded = catalog.Tables.Where(t => options.Excludes(database, t)).Select(t => t.Oid).ToHashSet();
        while (catalog.Tables.FirstOrDefault(t => !excluded.Contains(t.Oid) && t.ForeignKeys.Any(k => excluded.Contains(k.Target))) is { } needing)
        {
            var key = needing.ForeignKeys.First(k => excluded.Contains(k.Target));
            excluded.Remove(key.Target);
            notices.Add(new StingException("PostgresExclusionIgnored", FailureKind.InvalidConfiguration,
                $"Rows of {database}.{catalog.Find(key.Target)!.Display} were to be left out, but {needing.Display} refers to them; they are kept.", $"{database}.{needing.Display}",
                "Leave out the rows of both tables, or of neither."));
        }
        return excluded;
    }

    private void TellRenamed(string database, TableCatalog catalog, List<string> unowned)
    {
        if (!catalog.Tables.Any(OwnerRules.IsUsers) || !catalog.Tables.Any(t => OwnerRules.KnownTables.Contains(t.Name)))
        {
            return;   // not STING's own database
        }
        foreach (var gone in OwnerRules.KnownTables.Where(k => catalog.Tables.All(t => t.Name != k)))
        {
            notices.Add(new StingException("PostgresTableRenamed", FailureKind.NotFound,
                $"The database '{database}' at {server.Settings.Location} has no table '{gone}'; a migration may have renamed it. All rows of all tables are kept, those that no column gives an owner under 'system'.", $"{database}.{gone}",
                $"Look whether its rows stand under another name{(unowned.Count > 0 ? $" ({string.Join(", ", unowned)})" : "")}; some versions of STING have no such table, and nothing is amiss then."));
        }
    }

    private async Task SequencesAsync(SnapshotSession session, CancellationToken cancel)
    {
        var names = new List<(string Schema, string Name)>();
        await using (var command = new NpgsqlCommand("""
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
            """, session.Connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                names.Add((reader.GetString(0), reader.GetString(1)));
            }
        }
        var lines = new StringBuilder();
        foreach (var (schema, name) in names)
        {
            var state = await PostgresServer.ScalarAsync<string>(session.Connection, $"SELECT last_value || E'\\t' || CASE WHEN is_called THEN 't' ELSE 'f' END FROM {SqlText.Name(schema, name)}", cancel).ConfigureAwait(false);
            lines.Append(CopyText.Line([schema, name])[..^1]).Append('\t').Append(state).Append('\n');
        }
        spool.Write(Encoding.UTF8.GetBytes(lines.ToString()));
        var (range, hash) = spool.EndRange();
        tree.Add(EntryPath.Parse(CapturePath.Of(session.Database, CapturePath.Sequences)), new CapturedFile([range], [hash], new ItemMetadata { Mode = 0b110_000_000 }));
    }

    private async Task TellWhatIsLeftOutAsync(SnapshotSession session, CancellationToken cancel)
    {
        if (await PostgresServer.ScalarAsync<bool>(session.Connection, "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)", cancel).ConfigureAwait(false))
        {
            tree.AddFailure(new StingException("PostgresLargeObjects", FailureKind.NotSupported, $"The database '{session.Database}' at {server.Settings.Location} holds large objects, which a logical capture does not take.", session.Database,
                "The physical capture (base backup) holds them; STING itself uses none."));
        }
    }

    private async Task GuardAsync(SnapshotSession session, string what, Func<Task> part, CancellationToken cancel)
    {
        if (await session.TryAsync(part, e => PostgresErrors.Wrap(e, $"read {what}", server.Settings, what), cancel).ConfigureAwait(false) is { } failure)
        {
            if (spool.InRange)
            {
                spool.EndRange();   // what was half read is nobody's
            }
            tree.AddFailure(failure);
        }
    }
}

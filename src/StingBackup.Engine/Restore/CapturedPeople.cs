using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Restore;

/// <summary>What a row says of a person.</summary>
/// <param name="Subject">Whose tree holds the row.</param>
/// <param name="Id">Number in <c>users.id</c>, or null.</param>
/// <param name="Email">Address, or null.</param>
internal sealed record CapturedPerson(string Subject, long? Id, string? Email);

/// <summary>
/// People as the rows of databases in restore points know them: <c>users</c> of STING's own, <c>identities</c> of Kratos. Each person's rows stand in that person's own tree, under that person's own key:
/// so addresses are read with keys alone, and whoever was erased is not found. Of each person the newest tree that
/// holds such rows counts, so that who has left STING is found too. Read once, when first asked for.
/// </summary>
internal sealed class CapturedPeople(Installation installation, PointFinder finder, SubjectDirectory directory, TreeWalker walker, ChunkReader reader)
{
    private const string Users = "users", Identities = "identities";

    private IReadOnlyList<CapturedPerson>? _people;

    /// <summary>Everybody.</summary>
    public async ValueTask<IReadOnlyList<CapturedPerson>> AllAsync(CancellationToken cancel) => _people ??= await ReadAsync(cancel).ConfigureAwait(false);

    /// <summary>The subjects of a person named by address or by number, the likeliest first; empty when nobody fits.</summary>
    /// <exception cref="StingException"><c>UserAmbiguous</c> when several people do</exception>
    public async ValueTask<IReadOnlyList<string>> FindAsync(string name, CancellationToken cancel)
    {
        long? number = SubjectNames.TryParseRow(name, out var row) ? row : null;
        var all = await AllAsync(cancel).ConfigureAwait(false);
        var fits = all.Where(p => (number is not null && p.Id == number) || string.Equals(p.Email, name, StringComparison.OrdinalIgnoreCase)).ToList();
        var subjects = fits.Select(p => p.Subject).Distinct(StringComparer.Ordinal).ToList();
        // Who was known by number before there was a UUID is one person still, as the row with both says.
        var earlier = subjects.Where(s => fits.Exists(p => p.Id is { } id && p.Subject != s && s == SubjectNames.OfUser(id))).ToList();
        string[] people = [.. subjects.Except(earlier, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return people.Length < 2 ? [.. people, .. earlier] : throw new StingException("UserAmbiguous", FailureKind.InvalidArgument,
            $"'{name}' is {people.Length} people in the restore points: {string.Join(", ", people)}.", name, "Name the one that you mean by canonical name, as it stands here.");
    }

    private async ValueTask<IReadOnlyList<CapturedPerson>> ReadAsync(CancellationToken cancel)
    {
        var trees = new Dictionary<Id16, List<SubjectRow>>();
        foreach (var point in finder.All.Where(p => p.DataClass == DataClass.Metadata).OrderByDescending(p => p.Point.Record.TimeNs))
        {
            // What cannot be read has no name to be found by; it is told when it is restored by another way.
            foreach (var row in await directory.RowsAsync(point, static _ => { }, cancel).ConfigureAwait(false))
            {
                if (!trees.TryGetValue(row.Pseudonym, out var known))
                {
                    trees.Add(row.Pseudonym, known = []);
                }
                if (known.Count == 0 || known[^1].Root != row.Root)
                {
                    known.Add(row);
                }
            }
        }
        var people = new ConcurrentBag<CapturedPerson>();
        await Parallel.ForEachAsync(trees.Values, new ParallelOptions { MaxDegreeOfParallelism = installation.Threads, CancellationToken = cancel }, async (known, token) =>
        {
            foreach (var row in known)
            {
                if (!await GoesOnAsync(row, people.Add, token).ConfigureAwait(false))
                {
                    break;
                }
            }
        }).ConfigureAwait(false);
        return [.. people];
    }

    /// <summary>Reads one tree; whether to look into an older one of the same subject.</summary>
    private async ValueTask<bool> GoesOnAsync(SubjectRow row, Action<CapturedPerson> found, CancellationToken cancel)
    {
        var any = false;
        try
        {
            if (!(await directory.HeadAsync(row, cancel).ConfigureAwait(false)).Subject.StartsWith("user", StringComparison.Ordinal))
            {
                return false;
            }
            await ReadAsync(row, person =>
            {
                any = true;
                found(person);
            }, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return e.ErrorId != "SubjectKeyMissing";   // whose key is destroyed is in no older tree either
        }
        return !any;
    }

    private async ValueTask ReadAsync(SubjectRow row, Action<CapturedPerson> found, CancellationToken cancel)
    {
        var subject = (await directory.HeadAsync(row, cancel).ConfigureAwait(false)).Subject;
        await foreach (var entry in walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), ReserveMounts.PostgreSql, static _ => { }, cancel).ConfigureAwait(false))
        {
            if (entry.Kind == ItemKind.File && CapturePath.ParseRows(entry.Path.RelativeTo(ReserveMounts.PostgreSql).ToString()) is { Table: Users or Identities } rows)
            {
                using var stream = new TreeFileStream(reader, row.Pseudonym, entry, cancel);
                foreach (var person in Read(subject, rows.Table, stream))
                {
                    found(person);
                }
            }
        }
    }

    private static IEnumerable<CapturedPerson> Read(string subject, string table, Stream stream)
    {
        using var text = new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, 1 << 14, leaveOpen: true);
        var columns = text.ReadLine() is { } header ? CopyText.Values(header).ToList() : [];
        while (text.ReadLine() is { } line)
        {
            var values = CopyText.Values(line);
            string? Value(string column) => columns.IndexOf(column) is >= 0 and var at && at < values.Count ? values[at]?.Trim() : null;
            long? id = table == Users && Value("id") is { } number && SubjectNames.TryParseRow(number, out var row) ? row : null;
            var email = table == Users ? Value("email") : Value("traits") is { } traits ? EmailOf(traits) : null;
            if (id is not null || !string.IsNullOrEmpty(email))
            {
                yield return new CapturedPerson(subject, id, string.IsNullOrEmpty(email) ? null : email);
            }
        }
    }

    /// <summary>The address among the traits that Kratos keeps as JSON.</summary>
    private static string? EmailOf(string traits)
    {
        try
        {
            using var json = JsonDocument.Parse(traits);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("email", out var email) && email.ValueKind == JsonValueKind.String ? email.GetString()!.Trim() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

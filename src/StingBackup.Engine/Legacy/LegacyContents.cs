using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Legacy;

/// <summary>What an archive amounts to: its date, its classes, and what it lacks of an installation.</summary>
internal sealed class LegacyContents
{
    private LegacyContents(DateTime local, DateTimeOffset time) => (Stem, Time) = (LegacyFormat.StemOf(local), time);

    /// <summary>The archive's name by its date, whatever the file is called: <c>sting_backup_20251102_020000</c>.</summary>
    public string Stem { get; }
    /// <summary>Its true date.</summary>
    public DateTimeOffset Time { get; }
    /// <summary>Classes that it holds something of, ascending.</summary>
    public required IReadOnlyList<DataClass> Classes { get; init; }
    /// <summary>Items of every kind.</summary>
    public required long Items { get; init; }
    /// <summary>Bytes of its files.</summary>
    public required long Length { get; init; }
    /// <summary>What it holds, for people.</summary>
    public required IReadOnlyList<string> Holds { get; init; }
    /// <summary>What it lacks, for people.</summary>
    public required IReadOnlyList<string> Lacks { get; init; }
    /// <summary>What to know of it, for people.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Judges an archive.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="tree">What is in it.</param>
    /// <param name="users">Who is behind folders.</param>
    /// <param name="zone">The configured zone.</param>
    /// <exception cref="StingException"><c>LegacyLayoutUnknown</c></exception>
    public static LegacyContents Of(string path, LegacyTree tree, UsersMap users, TimeZoneInfo zone)
    {
        var dumps = tree.Items.Where(i => i.Value.Kind == ItemKind.File && LegacyFormat.TimeOfDump(i.Key) is not null)
            .Select(i => (Path: i.Key, Local: LegacyFormat.TimeOfDump(i.Key)!.Value, i.Value)).ToList();
        if (dumps.Count == 0)
        {
            throw LegacyErrors.LayoutUnknown(path, "dump of a database (db_backup_….sql)");
        }
        if (!tree.Items.Keys.Any(p => p.ToString() is "docker-compose.yml" or "conf/config.yml" or LegacyFormat.VolumesFolder))
        {
            throw LegacyErrors.LayoutUnknown(path, $"docker-compose.yml, no conf/config.yml and no {LegacyFormat.VolumesFolder}");
        }
        var notes = new List<string>(tree.Notes);
        var named = LegacyFormat.TimeInName(Path.GetFileName(path));
        // A restore that failed leaves an older dump in the installation's folder, and the next archive takes it along.
        var (dump, local, item) = dumps.Any(d => d.Local == named) ? dumps.Single(d => d.Local == named) : dumps.MaxBy(d => d.Local);
        if (named is not null && named != local)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"Its name says {named:yyyy-MM-dd HH:mm:ss}, its content {local:yyyy-MM-dd HH:mm:ss}: the content counts."));
        }
        var written = NanosecondTime.FromNs(item.Metadata.ModifiedNs, 0);
        var time = LegacyDate.Of(local, zone, written);
        if (!LegacyDate.Fits(time, written))
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"Its clock says {time:yyyy-MM-dd HH:mm:ss zzz}, and its dump was written at {written:yyyy-MM-dd HH:mm:ss} UTC: was the host's zone another than {zone.Id} (time_zone)?"));
        }
        if (tree.DumpStarts.GetValueOrDefault(dump) is not { } start || start.AsSpan().IndexOf("PostgreSQL database dump"u8) < 0)
        {
            notes.Add($"{dump} does not begin as pg_dump's scripts do; it may be of no use.");
        }
        var lacks = Lacking(tree).ToList();
        if (item.Length == 0)
        {
            lacks.Insert(0, "the application's database: its dump is empty");
        }
        return new LegacyContents(local, time)
        {
            Classes = [.. tree.Items.Select(i => LegacyPlacement.Classify(i.Key, i.Value.Kind, users).DataClass).Distinct().Order()],
            Items = tree.Items.Count, Length = tree.Items.Values.Sum(i => i.Length), Holds = [.. Holding(tree, dumps.Select(d => d.Path))], Lacks = lacks, Notes = notes,
        };
    }

    private static IEnumerable<string> Holding(LegacyTree tree, IEnumerable<EntryPath> dumps)
    {
        foreach (var dump in dumps)
        {
            yield return $"{dump}: one database, with everybody's rows";
        }
        foreach (var volume in tree.Volumes)
        {
            yield return $"volume {volume}: {LegacyFormat.Volumes.GetValueOrDefault(volume, "not one that STING's script names")}";
        }
        foreach (var folder in tree.Items.Where(i => i.Value.Kind == ItemKind.Directory && i.Key.Parent.IsRoot).Select(i => i.Key.ToString()).Where(f => f != LegacyFormat.VolumesFolder))
        {
            yield return $"folder {folder}";
        }
    }

    private static IEnumerable<string> Lacking(LegacyTree tree)
    {
        yield return "the databases kratos and sting_messaging, roles and other globals: the script dumps one database";
        foreach (var (volume, content) in LegacyFormat.VolumesNeverTaken.Where(v => !tree.Volumes.Contains(v.Key)))
        {
            yield return $"volume {volume} ({content}): the script never takes it";
        }
        foreach (var (volume, content) in LegacyFormat.Volumes.Where(v => !tree.Volumes.Contains(v.Key) && !tree.DamagedVolumes.ContainsKey(v.Key)))
        {
            yield return $"volume {volume} ({content}): it is not in this archive";
        }
        foreach (var (volume, problem) in tree.DamagedVolumes)
        {
            yield return $"volume {volume} is damaged in it ({problem.TrimEnd('.')}); its file is kept as it is";
        }
        yield return "files *.log, *.tmp and *.pyc, and folders named models, venv, .venv, node_modules, .git or __pycache__, wherever they were: the script leaves them out";
        yield return "one moment for all: files and volumes were read after the database, while they were in use";
    }
}

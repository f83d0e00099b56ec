using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>Shares and sealed escrows as they are found in files that people named, or typed. Disposing it wipes the shares.</summary>
internal sealed class EscrowFolder : IDisposable
{
    private const int LongestFile = 1 << 20;
    private const int ShareLines = EscrowShare.Size / EscrowCode.LineSize;

    private readonly List<(EscrowShare Share, string Path)> _shares = [];
    private readonly List<(SealedEscrow Escrow, string Path)> _sealed = [];

    private EscrowFolder()
    {
    }

    /// <summary>Every share, once, by number.</summary>
    public IReadOnlyList<(EscrowShare Share, string Path)> Shares => _shares;

    /// <summary>Shares that were given more than once, alike.</summary>
    public IReadOnlyList<string> Repeated { get; private set; } = [];

    /// <summary>Reads files and folders; of a folder the files that end in .txt and .sealed.</summary>
    /// <exception cref="StingException"><c>EscrowFileUnavailable</c>, <c>EscrowShareMissing</c>, <c>EscrowShareMistyped</c>, <c>EscrowShareConflict</c>, <c>EscrowSharesMixed</c>, <c>KeyFileDamaged</c></exception>
    public static EscrowFolder Read(IEnumerable<string> paths)
    {
        var found = new EscrowFolder();
        try
        {
            foreach (var path in paths)
            {
                var before = (found._shares.Count, found._sealed.Count);
                foreach (var file in FilesOf(path))
                {
                    found.ReadFile(file);
                }
                if (before == (found._shares.Count, found._sealed.Count))
                {
                    throw EscrowErrors.NothingFound(path);
                }
            }
            found.Sort();
            return found;
        }
        catch
        {
            found.Dispose();
            throw;
        }
    }

    /// <summary>Opens the escrow, once there are enough shares and each is the one that was made. The caller disposes the keys.</summary>
    /// <exception cref="StingException"><c>EscrowSealMissing</c>, <c>EscrowSharesTooFew</c>, <c>EscrowShareWrong</c>, <c>KeyFileDamaged</c></exception>
    public (SealedEscrow Escrow, PrivateHalf Keys) Open()
    {
        if (_shares.Count == 0)
        {
            throw EscrowErrors.TooFew("There is a sealed escrow, and no share of it.", _sealed[0].Path);
        }
        var first = _shares[0].Share;
        var (escrow, path) = _sealed.Find(s => s.Escrow.Id == first.EscrowId);
        if (escrow is null)
        {
            throw EscrowErrors.SealMissing(_shares[0].Path);
        }
        var wrong = _shares.FirstOrDefault(s => !escrow.Holds(s.Share));
        if (wrong.Share is not null)
        {
            throw EscrowErrors.Foreign(wrong.Share, wrong.Path);
        }
        if (_shares.Count < escrow.Threshold)
        {
            throw TooFew(escrow);
        }
        using var key = SecretSplit.Combine([.. _shares.Take(escrow.Threshold).Select(s => (s.Share.Number, s.Share.Value))]);
        return (escrow, escrow.Open(key, path));
    }

    /// <inheritdoc/>
    public void Dispose() => _shares.ForEach(s => s.Share.Dispose());

    private StingException TooFew(SealedEscrow escrow)
    {
        var numbers = string.Join(", ", _shares.Select(s => s.Share.Number));
        var twice = Repeated.Count > 0 ? $" Given twice: {string.Join(", ", Repeated)}." : "";
        return EscrowErrors.TooFew($"{escrow.Threshold} shares of escrow {escrow.Id} are needed; here {(_shares.Count == 1 ? "is number" : "are numbers")} {numbers}.{twice}", _shares[0].Path);
    }

    private static IEnumerable<string> FilesOf(string path)
    {
        try
        {
            return !Directory.Exists(path) ? [path]
                : [.. Directory.EnumerateFiles(path).Where(f => f.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) || f.EndsWith(SealedEscrow.Suffix, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw EscrowErrors.Unreadable(path, e);
        }
    }

    private void ReadFile(string path)
    {
        byte[] bytes;
        try
        {
            bytes = new FileInfo(path).Length <= LongestFile ? File.ReadAllBytes(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw EscrowErrors.Unreadable(path, e);
        }
        if (bytes.AsSpan().StartsWith("STINGKEY"u8))
        {
            _sealed.Add((SealedEscrow.Read(bytes, path), path));
            return;
        }
        ReadText(path, Encoding.UTF8.GetString(bytes));
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>A file may hold several pages: S1 begins a share, E1 a sealed escrow.</summary>
    private void ReadText(string path, string text)
    {
        var open = new Dictionary<char, SortedDictionary<int, byte[]>> { ['S'] = [], ['E'] = [] };
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (EscrowCode.Split(line) is not var (letter, index, code))
            {
                continue;
            }
            var label = EscrowCode.LabelOf(letter, index);
            var bytes = EscrowCode.Read(label, code)
                ?? throw EscrowErrors.Mistyped(path, FormattableString.Invariant($"Line {label} in '{path}' (line {number} of the file) is mistyped: it does not fit its last group."), FormattableString.Invariant($"{path}:{number}"));
            if (open[letter].ContainsKey(index))
            {
                Close(letter, open[letter], path);
            }
            open[letter][index] = bytes;
        }
        Close('S', open['S'], path);
        Close('E', open['E'], path);
    }

    private void Close(char letter, SortedDictionary<int, byte[]> lines, string path)
    {
        if (lines.Count == 0)
        {
            return;
        }
        var expected = Math.Max(lines.Keys.Last(), letter == 'S' ? ShareLines : 1);
        for (var index = 1; index <= expected; index++)
        {
            if (!lines.ContainsKey(index))
            {
                throw EscrowErrors.LineMissing(path, EscrowCode.LabelOf(letter, index));
            }
        }
        byte[] whole = [.. lines.Values.SelectMany(line => line)];
        lines.Values.ToList().ForEach(line => CryptographicOperations.ZeroMemory(line));
        lines.Clear();
        if (letter == 'E')
        {
            _sealed.Add((SealedEscrow.Read(whole, path), path));
            return;
        }
        _shares.Add((EscrowShare.Read(whole, path), path));
        CryptographicOperations.ZeroMemory(whole);
    }

    /// <summary>One of each, by number; all of one escrow.</summary>
    private void Sort()
    {
        if (_shares.DistinctBy(s => s.Share.EscrowId).Skip(1).Any())
        {
            throw EscrowErrors.Mixed($"The shares are of different escrows: {string.Join("; ", _shares.Select(s => $"number {s.Share.Number} of {s.Share.EscrowId} in '{s.Path}'"))}.", _shares[0].Path);
        }
        var repeated = new List<string>();
        foreach (var group in _shares.GroupBy(s => s.Share.Number).Where(g => g.Skip(1).Any()).ToList())
        {
            var first = group.First();
            foreach (var again in group.Skip(1))
            {
                var escrow = _sealed.Find(s => s.Escrow.Id == first.Share.EscrowId).Escrow;
                if (!CryptographicOperations.FixedTimeEquals(first.Share.Value.Span, again.Share.Value.Span))
                {
                    throw escrow is null ? EscrowErrors.Duplicate(first.Share, again.Path, first.Path) : escrow.Holds(first.Share) ? EscrowErrors.Foreign(again.Share, again.Path) : EscrowErrors.Foreign(first.Share, first.Path);
                }
                repeated.Add($"number {again.Share.Number} ('{first.Path}' and '{again.Path}')");
                _shares.Remove(again);
                again.Share.Dispose();
            }
        }
        Repeated = repeated;
        _shares.Sort(static (a, b) => a.Share.Number.CompareTo(b.Share.Number));
        if (_sealed.DistinctBy(s => s.Escrow.Id).Skip(1).Any() && _shares.Count == 0)
        {
            throw EscrowErrors.Mixed($"There are several sealed escrows and no share: {string.Join(", ", _sealed.Select(s => s.Escrow.Id))}.", _sealed[0].Path);
        }
    }
}

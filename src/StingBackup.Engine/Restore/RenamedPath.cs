using System.Globalization;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Restore;

/// <summary>Names beside a name that is taken: <c>report (backup_20240115_020000).pdf</c>, then <c>report (backup_20240115_020000) 2.pdf</c>, and so on.</summary>
internal static class RenamedPath
{
    private const int LongestName = 255;
    private const int LongestExtension = 32;

    /// <summary>The names in order, without end.</summary>
    public static IEnumerable<EntryPath> Candidates(EntryPath path, string backupId)
    {
        for (var number = 1; ; number++)
        {
            yield return Make(path, string.Create(CultureInfo.InvariantCulture, $" ({backupId}){(number == 1 ? "" : $" {number}")}"));
        }
    }

    private static EntryPath Make(EntryPath path, string mark)
    {
        var name = path.Name;
        var dot = name.LastIndexOf((byte)'.');
        // A leading dot makes a name hidden and starts no extension; what is very long is none either.
        var stem = dot <= 0 || name.Length - dot > LongestExtension ? name.Length : dot;
        var extension = name[stem..];
        var room = LongestName - mark.Length - extension.Length;
        return path.Parent.Append([.. name[..(stem <= room ? stem : Shorten(name, room))], .. Encoding.ASCII.GetBytes(mark), .. extension]);
    }

    /// <summary>At most so many bytes, without cutting a character of UTF-8 in two.</summary>
    private static int Shorten(ReadOnlySpan<byte> name, int room)
    {
        var length = room;
        while (length > room - 4 && (name[length] & 0xc0) == 0x80)
        {
            length--;
        }
        return length;
    }
}

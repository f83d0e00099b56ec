namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>What honest people do that was written after the thresholds were frozen.</summary>
internal static class LaterHonestPeople
{
    private const string Invoices = "all documents protected with a password, a few a day", Sync = "a folder goes to another place, by copy and delete the next day";
    private const int TicksADay = 96;

    public static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> Busy = new Dictionary<string, Action<SimulatedSubject>>
    {
        // As an office suite does it: the document becomes a container with an enciphered stream, under the name that it had. Two a working day, for two weeks.
        [Invoices] = s =>
        {
            foreach (var path in s.Files.Where(f => f.Value.Format is Format.Docx or Format.Xlsx).Select(f => f.Key).Order(StringComparer.Ordinal).Take(4).ToList())
            {
                s.Plan(s.Random.Next(14 * TicksADay), Invoices, () =>
                {
                    if (s.Files.TryGetValue(path, out var file))
                    {
                        s.Put(path, Format.Opaque, Protect(s, file.Content.Length));
                    }
                });
            }
        },
        // Somebody moves house: copies his oldest folder elsewhere, with new dates within, and deletes the old one when he has seen that all is there.
        [Sync] = s =>
        {
            foreach (var (path, file) in s.Files.Where(f => f.Key.Contains("/folder0/", StringComparison.Ordinal) || f.Key.Contains("/folder3/", StringComparison.Ordinal)).ToList())
            {
                s.Put(path.Replace("users/x/", "users/x/moved/", StringComparison.Ordinal), file.Format, SimulatedContent.Edit(file.Format, file.Content, s.Random));
                s.Plan(TicksADay, Sync, () => s.Delete(path));
            }
        },
    };

    private static byte[] Protect(SimulatedSubject subject, int length)
    {
        var content = new byte[Math.Max(4096, (length + 1023) / 512 * 512)];
        subject.Random.NextBytes(content);
        content.AsSpan(0, 1536).Clear();
        ((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]).CopyTo(content);
        (content[30], content[48]) = (9, 1);
        System.Text.Encoding.Unicode.GetBytes("EncryptedPackage").CopyTo(content, 1024);
        return content;
    }
}

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>What honest people do over days that looks like an attack.</summary>
internal static class PatientPeople
{
    private const string Vault = "move into an enciphered vault, a few files a day", Rejects = "a shoot, and its rejects deleted the next day";
    private const string Invoices = "all documents protected with a password, a few a day", Sync = "a folder goes to another place, by copy and delete the next day";
    private const int TicksADay = 96;

    public static readonly IReadOnlyDictionary<string, Action<SimulatedSubject>> Busy = new Dictionary<string, Action<SimulatedSubject>>
    {
        // As Cryptomator writes it: a file of its own for each, under names that say nothing, in folders of the vault.
        [Vault] = s =>
        {
            s.Put("users/x/vault/masterkey.cryptomator", Format.Text, SimulatedContent.Make(Format.Text, 400, s.Random));
            for (var day = 0; day < 14; day++)
            {
                for (var left = s.Random.Next(1, 4); left > 0; left--)
                {
                    s.Plan((day * TicksADay) + s.Random.Next(TicksADay), Vault, () => Move(s));
                }
            }
        },
        [Rejects] = s =>
        {
            var photos = new List<string>();
            for (var left = s.Random.Next(40, 120); left > 0; left--)
            {
                photos.Add($"users/x/shoot{s.Random.Next(1000)}/img{s.Random.Next(10_000_000)}.jpg");
                s.Put(photos[^1], Format.Jpeg, SimulatedContent.Make(Format.Jpeg, s.Random.Next(2000, 30_000), s.Random));
            }
            s.Plan(TicksADay - s.Random.Next(30), Rejects, () =>
            {
                foreach (var path in photos.Where(p => s.Files.ContainsKey(p) && s.Random.Next(10) < 7))
                {
                    s.Delete(path);
                }
            });
        },
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

    private static void Move(SimulatedSubject subject)
    {
        if (subject.Files.Keys.Where(p => !p.StartsWith("users/x/vault/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList() is { Count: > 5 } open)
        {
            var path = open[subject.Random.Next(open.Count)];
            subject.Put($"users/x/vault/d/{subject.Random.Next(256):X2}/{subject.Random.NextInt64():x16}.c9r", Format.Opaque, SimulatedContent.Make(Format.Opaque, subject.Files[path].Content.Length + 96, subject.Random));
            subject.Delete(path);
        }
    }

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

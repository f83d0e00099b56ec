namespace StingBackup.Engine.Guardian;

/// <summary>
/// The numbers by which runs are judged. They are frozen: the table in docs/ransomware.md was made with exactly these, by encryptors and seeds that they were not chosen with. Whoever changes one makes the table anew
/// (<c>tests/soak/7-encryptors.sh</c>).
/// </summary>
internal static class AnomalyThresholds
{
    /// <summary>From here on a run is suspicious: no single weak sign gets here, one strong or two middling ones do.</summary>
    public const int Suspicious = 60;

    /// <summary>Runs with a score from here on are not taken for what is usual: else a patient encryptor would become the norm.</summary>
    public const int NotUsual = 30;

    /// <summary>Runs in which something happened that tell what is usual. Runs in which nothing did tell nothing.</summary>
    public const int History = 24;

    /// <summary>With fewer of them a share is compared with fixed limits alone.</summary>
    public const int LeastHistory = 6;

    /// <summary>Damage is compared with runs that are at least this old.</summary>
    public static readonly TimeSpan UsualAge = TimeSpan.FromDays(2);

    /// <summary>How far above the median, in median absolute deviations scaled to a standard one, is unusual.</summary>
    public const double Unusual = 6;

    /// <summary>What a share varies by at least: a person whose runs were all alike does not raise alarm by a second file.</summary>
    public const double LeastDeviation = 0.02;

    /// <summary>Damage of several runs adds up, and half of it is forgotten in this time: an encryptor that takes one file in a hundred a run is caught by its sum, a file that somebody enciphers each month is not.</summary>
    public static readonly TimeSpan HalfLife = TimeSpan.FromDays(7);

    /// <summary>Of what went half is forgotten in this time: files that are gone are missed by whoever worked with them, unlike such that look as ever, and people clear away more than once a week.</summary>
    public static readonly TimeSpan DeletionHalfLife = TimeSpan.FromDays(2);

    /// <summary>Files that became a cipher's output, less what is usual: none count below the first, all that can below the second. Honest people make one or two a week (a key file, a password store).</summary>
    public const double ScrambledFrom = 3, ScrambledTo = 8;

    /// <summary>The same for files that lost their format: editors that write half a file make some.</summary>
    public const double WreckedFrom = 5, WreckedTo = 15;

    /// <summary>The reserve as a whole needs more: what many people do once adds up.</summary>
    public const double WholeFactor = 4;

    /// <summary>And this share of all its files.</summary>
    public const double WholeShare = 0.01;

    /// <summary>The share of a subject's files that went and did not come back elsewhere. A spring cleaning takes a third, two in a week little more than half; two thirds in a week raise the alarm.</summary>
    public const double DeletedFrom = 0.45, DeletedTo = 0.80;

    /// <summary>
    /// The same where enciphered content came elsewhere that is at least as much of what went as an archive would be: a person who puts a third of his files under a password is let be, also while he moves into a vault; more than half of all is not what one puts away.
    /// </summary>
    public const double SealedFrom = 0.35, SealedTo = 0.65;

    /// <summary>New archives of so much of what went say that somebody put it into one.</summary>
    public const double PackedShare = 0.10;

    /// <summary>What a deletion weighs when archives came in the place of what went.</summary>
    public const double PackedWeight = 0.1;

    /// <summary>Shares of fewer files say nothing.</summary>
    public const int LeastFiles = 20;

    /// <summary>The share of changed files that is much, where it is unusual as well.</summary>
    public const double ChangedShare = 0.4;

    /// <summary>The share of files with another extension after their own.</summary>
    public const double AppendedShare = 0.3;

    /// <summary>The share of files that changed and kept their length: ciphers in place do that, people do not.</summary>
    public const double SameLengthFrom = 0.08, SameLengthTo = 0.25;

    /// <summary>Compressed files that were written anew with the same length, less what is usual. By chance one of some thousand is; a tool that only moves parts of a file about makes a few.</summary>
    public const double RewrittenFrom = 4, RewrittenTo = 12;

    /// <summary>New content that compresses to more than this, where half of the runs stayed below the other.</summary>
    public const double Incompressible = 0.97, UsuallyCompressible = 0.75;

    /// <summary>Bytes of changed files that the repository did not have: all, where at least this much of them is usual.</summary>
    public const double AllNew = 0.98, UsuallyNew = 0.8;

    /// <summary>New files that look enciphered.</summary>
    public const int CipheredUploads = 50;

    /// <summary>How much each sign weighs at its fullest, 0 to 1. Signs are joined as independent ones: 1 − Π(1 − weight).</summary>
    public const double HoneypotWeight = 1, ScrambledWeight = 0.95, WreckedWeight = 0.9, DeletionWeight = 0.9, SeveralNamesWeight = 0.8, OneNameWeight = 0.35, AppendedWeight = 0.5, SameLengthWeight = 0.6, RewrittenWeight = 0.8,
        ChangeWeight = 0.25, IncompressibleWeight = 0.25, AllNewWeight = 0.1, CipheredUploadsWeight = 0.15;

    /// <summary>This many notes, or files with a known extension, are no accident.</summary>
    public const int SeveralNames = 3;

    /// <summary>The earliest twentieth of all damage is taken for what was usual: from there on restore points are suspect.</summary>
    public const double SinceShare = 0.05;
}

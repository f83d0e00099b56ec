namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What key pairs are made of, and how many ahead.</summary>
public static class KeySuiteSettings
{
    /// <summary>Suite of key pairs that are made from now on.</summary>
    public static readonly Setting<KeySuite> Suite = new()
    {
        Key = "keys.suite",
        Type = SettingTypes.Choice("p256 or hybrid", ("p256", KeySuite.P256), ("hybrid", KeySuite.Hybrid)),
        Default = KeySuite.P256,
        Summary = "Key pairs made from now on: of P-256, or of P-256 and ML-KEM-768 together, so that what is copied today does not open on a quantum computer of tomorrow. What stands keeps its suite: "
            + "set it with init, so that the key that seals all others is hybrid too. Signatures, and what is sealed to hosts, are of P-256 either way.",
    };

    /// <summary>Key pairs that are made ahead.</summary>
    public static readonly Setting<int> Spares = new()
    {
        Key = "keys.spares",
        Type = SettingTypes.Integer(1, 1_000_000),
        Default = 1000,
        Summary = "Key pairs that a host keeps ready for people and jars that are new: each takes one. A host that may not make keys, or whose key file has a passphrase, leaves out whom it has none for; a status warns below a fifth.",
    };
}

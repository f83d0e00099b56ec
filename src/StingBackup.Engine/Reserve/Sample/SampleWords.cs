namespace StingBackup.Engine.Reserve.Sample;

/// <summary>The words that sample texts and names are made of: English in about the order of its frequency, then the words of this field.</summary>
internal static class SampleWords
{
    /// <summary>All words, the most frequent first; each at most 15 ASCII letters.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. """
        the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their
        we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like
        my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just
        state those people too mr how little good world make very year still see own work men day get here between both life being under three never know same last
        another while us off might great go come since against right came take used himself few house use during without again place american around however home small
        found thought went say part once general high upon school every got united left number course war until always away something fact water less public put think
        almost hand enough far took head yet better set told nothing night end why find asked later point knew next program city business give group toward days young
        let room president side social given present order national second possible rather per face among form important often things looked early white case john large
        four become need within felt children along best church ever power least development light thing seemed family interest want members others mind country area
        turned done although open god service problem certain kind began different door thus help means sense whole matter perhaps york itself law human line above name
        example action company local show whether history gave five either act feet across quite taken anything seen death having experience body word week really field
        half am words car information system already level report review change request result record account price office policy meeting agreement question answer
        department budget manager project schedule contract customer product market quality process support document section chapter appendix summary figure table
        research study method analysis sample measure value effect cause model theory evidence patient treatment clinical health hospital doctor care risk safety
        security access control network server storage archive backup restore snapshot retention incident threat alert detection response attacker malware firewall
        credential password certificate encryption audit compliance regulation privacy consent erasure subject controller processor transfer officer breach notice
        honey hive jar bee worker queen nectar pollen comb swarm apiary keeper harvest season garden forest river mountain weather winter spring summer autumn
        knowledge embedding vector query index chunk context prompt assistant agent upload download folder file page message channel user owner permission role
        monday tuesday wednesday thursday friday january february march april june july august september october november december morning evening afternoon
        invoice payment receipt balance revenue expense margin forecast quarter annual monthly weekly daily total average estimate approval signature deadline
        engineer architect designer developer release version branch deployment pipeline container cluster database migration schema backend interface library
        training course student teacher lecture lesson exercise exam grade degree university faculty campus language grammar dictionary translation meaning
        travel flight hotel ticket passport luggage station platform journey distance arrival departure border embassy insurance vehicle driver highway bridge
        kitchen recipe flour butter sugar pepper vegetable chicken dinner breakfast restaurant waiter flavour bottle glass coffee market basket orange apple
        music concert orchestra violin guitar singer album chorus rhythm painting sculpture gallery museum exhibition theatre actor stage audience novel poem
        electric magnetic particle energy velocity pressure temperature voltage current circuit sensor signal frequency amplitude spectrum telescope satellite
        chemical molecule reaction solution mixture crystal protein enzyme bacteria species habitat predator climate emission carbon oxygen nitrogen mineral
        parliament minister election candidate campaign majority constitution amendment court judge lawyer witness testimony verdict appeal statute penalty
        framework boundary hypothesis equilibrium perspective infrastructure responsibility accountability sustainability implementation recommendation
        acknowledge allocate anticipate assemble calibrate collaborate compile coordinate delegate demonstrate evaluate facilitate generate illustrate
        investigate maintain negotiate observe optimise participate prioritise propose reconcile reinforce rehearse resolve simplify standardise supervise
        abandon absorb adjacent ambiguous appliance artisan asphalt balcony bandwidth barrel beacon bicycle blanket blueprint brisk bucket cabinet canvas
        cargo cathedral ceramic charcoal chimney cinnamon cobalt compass copper corridor cotton courier cradle crater curtain cushion dagger daylight delta
        desert diesel dolphin drawer eclipse elbow ember engine envelope escort estuary fabric falcon fathom fender fiddle filament flannel flint fountain
        freight frost gallon garlic gentle glacier granite gravel hammer harbour hazel hollow horizon hurdle icicle inlet ivory jacket jasmine kernel kettle
        ladder lantern lattice lemon lever linen lobby locker lumber magnet maple marble meadow mercury mosaic nickel nimble oasis orchard oyster paddle
        parcel pasture pebble pencil pewter pigment pillar plaster pocket porcelain prairie puddle quarry quilt radar raisin ranch ribbon rivet rocket rudder
        saddle saffron sapphire scaffold shelter shuttle silver sketch slate socket spindle spruce stable stencil sturdy subtle tablet tangle tavern thimble
        thunder timber torch trellis tunnel turbine umbrella valley velvet vessel vineyard violet walnut warehouse whistle willow window wrench yellow zenith
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Turns of phrase, each at most 31 letters. Office text repeats them, and compresses accordingly.</summary>
    public static IReadOnlyList<string> Phrases { get; } =
    [
        "in accordance with the", "as well as the", "on behalf of the", "with respect to", "at the end of the", "for the purposes of", "in the event of", "as soon as possible",
        "it is important to", "a large number of", "the results of the", "in addition to the", "on the other hand", "please find attached", "at the same time", "in the course of",
        "under the terms of the", "the following table", "has been approved by", "is responsible for", "as described in section", "be made available to", "in order to", "due to the",
        "according to the", "is not permitted to", "the personal data of", "with regard to the", "during the last quarter", "subject to the approval of", "in most cases", "the scope of this document",
        "must be reported to", "a summary of the", "the board of directors", "for further information", "prior to the start of", "as a result of", "by the end of the year", "in the case of",
        "the head of the department", "it should be noted that", "has the right to", "within thirty days of", "we look forward to", "the honey jar", "access to the archive", "the security of the network",
    ];

    /// <summary>Given names of sample people.</summary>
    public static IReadOnlyList<string> GivenNames { get; } =
    [
        .. """
        ada amara anders anika arjun beatriz bjorn camila chen dalia daniel elena emeka farid fatima felix gita hana henrik ines ivan jana jomo kaito karin lars leila
        lucia mai marek mateo mina nadia nikos noor olga omar paula pavel quinn ravi rosa samir sara sofia tariq teresa tomas uma vera victor wanjiru xavier yara yusuf zoe
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
    ];

    /// <summary>Family names of sample people.</summary>
    public static IReadOnlyList<string> FamilyNames { get; } =
    [
        .. """
        abbott ahmed almeida andersson baker bianchi brandt castro chowdhury cohen costa dubois eriksen fischer fontaine garcia gupta haddad hansen hughes ibrahim ito jansen
        kaya kim kovacs kowalski kumar larsen lefevre lopez mbeki meyer morales moreau nakamura nguyen novak okafor olsen park petrov quist rahman reyes rossi santos sato
        schmidt silva singh suzuki tanaka torres usman varga wagner wong yilmaz zhang
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
    ];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/watch/free_words.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "scenes/clauses.hpp"
#include "scenes/watch/naming.hpp"
#include "scenes/watch/things.hpp"

namespace gvl::scenes {
namespace {

/** Things of which much the same is said. */
enum class Sort : std::uint8_t {
  kPerson,
  kVehicle,
  kAnimal,
  kBird,
  kPlane,
  kBoat,
  kBag,
  kFood,
  kVessel,
  kTool,
  kHand,
  kOther
};

Sort sort_of(int thing) {
  static constexpr std::array<std::pair<std::string_view, Sort>, 47> named{{
      {"person", Sort::kPerson},     {"bird", Sort::kBird},
      {"airplane", Sort::kPlane},    {"kite", Sort::kPlane},
      {"boat", Sort::kBoat},         {"surfboard", Sort::kBoat},
      {"backpack", Sort::kBag},      {"handbag", Sort::kBag},
      {"suitcase", Sort::kBag},      {"umbrella", Sort::kBag},
      {"bottle", Sort::kVessel},     {"wine glass", Sort::kVessel},
      {"cup", Sort::kVessel},        {"bowl", Sort::kVessel},
      {"vase", Sort::kVessel},       {"banana", Sort::kFood},
      {"apple", Sort::kFood},        {"sandwich", Sort::kFood},
      {"orange", Sort::kFood},       {"broccoli", Sort::kFood},
      {"carrot", Sort::kFood},       {"hot dog", Sort::kFood},
      {"pizza", Sort::kFood},        {"donut", Sort::kFood},
      {"cake", Sort::kFood},         {"fork", Sort::kTool},
      {"knife", Sort::kTool},        {"spoon", Sort::kTool},
      {"scissors", Sort::kTool},     {"toothbrush", Sort::kTool},
      {"hair drier", Sort::kTool},   {"cell phone", Sort::kTool},
      {"remote", Sort::kTool},       {"mouse", Sort::kTool},
      {"keyboard", Sort::kTool},     {"laptop", Sort::kTool},
      {"book", Sort::kTool},         {"tennis racket", Sort::kTool},
      {"baseball bat", Sort::kTool}, {"baseball glove", Sort::kTool},
      {"frisbee", Sort::kTool},      {"sports ball", Sort::kTool},
      {"skis", Sort::kTool},         {"snowboard", Sort::kTool},
      {"skateboard", Sort::kTool},   {"tie", Sort::kTool},
      {"teddy bear", Sort::kTool},
  }};
  const Thing& one = thing_at(thing);
  const auto found = std::find_if(named.begin(), named.end(), [&](const auto& row) { return row.first == one.name; });
  if (found != named.end()) return found->second;
  if (one.gait == Gait::kDrives || one.gait == Gait::kRides) return Sort::kVehicle;
  return one.gait == Gait::kRuns ? Sort::kAnimal : Sort::kOther;
}

/** Of a general word, the sort of the first thing that it means. */
Sort sort_of(const Filter& filter) {
  if (filter.thing >= 0) return sort_of(filter.thing);
  if (!filter.strange.empty()) return Sort::kOther;
  const GeneralWord& word = general_words()[static_cast<std::size_t>(filter.general)];
  if (word.hands) return Sort::kHand;
  for (int thing = 0; thing < static_cast<int>(kThings); ++thing) {
    if (word.surely.test(static_cast<std::size_t>(thing))) return sort_of(thing);
  }
  return Sort::kOther;
}

constexpr std::string_view kPersonDeeds =
    "[sit there/sit down/sit/sit in front of {strange}/stand there/stand at {strange}/stand in front of "
    "{strange}/kneel/"
    "kneel down/lie there/lean against {strange}/wait/wait for somebody/bend down/stretch/jump/jump up and down/dance/"
    "clap/wave/wave at the camera/smile/laugh/look around/look at the camera/look at {strange}/turn round/turn "
    "away/talk/"
    "talk to somebody/speak/shout/sing/work/work on {strange}/play/play with {strange}/cook/eat something/drink "
    "something/"
    "eat/drink/sleep/read/write something down/type/smoke/cough/yawn/cry/fight/hug somebody/shake hands/open the door/"
    "close the door/open {strange}/close {strange}/hold {strange}/hold up {strange}/carry {strange}/pull {strange}/"
    "push {strange}/lift {strange}/throw {strange}/catch {strange}/pick up {strange}/put down {strange}/reach for "
    "{strange}/"
    "point at {strange}/clean {strange}/wash {strange}/repair {strange}/cut {strange}/paint {strange}/build {strange}/"
    "use {strange}/stir {strange}/pour something/show something/show {strange}/take off {strange}/put on {strange}/"
    "climb {strange}/climb up {strange}/jump over {strange}/fall/fall down/stumble/stand up/get up/walk up and down/"
    "walk along {strange}/run/run along {strange}/jog/swim/exercise/train/practise/stretch an arm out/raise an arm/"
    "touch {strange}/scratch the head/comb the hair/get dressed/be busy/be busy with {strange}/be alone/"
    "be in full view/be in front of the camera/have a break/have a rest/do gymnastics/do the housework/make {strange}]";
constexpr std::string_view kAnimalDeeds =
    "[sit there/sit/lie there/lie down/sleep/rest/eat/eat something/drink/graze/run/run around/jump/jump up/bark/play/"
    "play with {strange}/sniff/sniff at {strange}/scratch/roll around/stretch/yawn/look at the camera/look around/wait/"
    "wait for food/stand there/stand still/wag its tail/shake its head/lick itself/chew/chew on {strange}/dig/"
    "walk around/walk along {strange}/chase something/chase {strange}/hide behind {strange}/get up/sit up/climb "
    "{strange}/"
    "jump over {strange}/gallop/trot/follow somebody/beg/be hungry/be tired/be asleep/be on the loose]";
constexpr std::string_view kBirdDeeds =
    "[sit there/sit on {strange}/perch on {strange}/sing/eat/peck/peck at {strange}/hop around/spread its wings/"
    "flap its wings/swim/dive/land/take off/look around/look for food/build a nest/drink/preen itself/chirp/fly around/"
    "turn its head/stand on one leg/feed its young/walk around/rest]";
constexpr std::string_view kVehicleDeeds =
    "[drive along/drive along {strange}/drive down {strange}/come along/come round the bend/turn/turn left/turn right/"
    "turn round/stop/stop at {strange}/brake/wait/wait at {strange}/park/be parked/be parked at {strange}/stand there/"
    "pull in/pull out/pull over/set off/start/overtake/overtake {strange}/speed along/race/race along {strange}/roll "
    "along/"
    "back up/reverse/arrive/honk/break down/be stuck/be on the road/be in a hurry/drive through {strange}/"
    "drive under {strange}/pass {strange}/have its lights on/blink/skid/accelerate/slow down/carry {strange}/pull "
    "{strange}]";
constexpr std::string_view kPlaneDeeds =
    "[fly/fly along/fly over {strange}/land/take off/climb/circle/circle over {strange}/be up in the air/be in the air/"
    "be in the sky/be high up/come down/dive/turn/roll/hover/loop/hang in the air/glide/be on the ground]";
constexpr std::string_view kBoatDeeds =
    "[sail/sail along/float/drift/rock/lie at anchor/lie in the harbour/ride a wave/land/set off/turn/be in the water/"
    "be on the water/pass {strange}/pull {strange}/rush along/sink/come in]";
constexpr std::string_view kBagDeeds =
    "[lie there/stand there/be carried/be carried along/be carried past/be open/be opened/be closed/be put down/"
    "be picked up/be left behind/hang from {strange}/lean against {strange}/be shown/be full/be empty/fall over/"
    "be pulled along/be forgotten/be unattended/be packed/be searched/be on the floor/be held/be worn]";
constexpr std::string_view kFoodDeeds =
    "[lie there/lie on {strange}/be eaten/be cut/be sliced/be peeled/be washed/be cooked/be baked/be served/be shown/"
    "be held up/be bitten into/be passed on/be put down/be picked up/roll away/fall down/be ready/be ripe/be fresh/"
    "be on {strange}/come along/move past/be weighed/be wrapped/be taken out of {strange}/be put into {strange}]";
constexpr std::string_view kVesselDeeds =
    "[stand there/stand on {strange}/be filled/be emptied/be full/be empty/be lifted/be held up/be knocked over/fall "
    "over/"
    "fall down/break/be opened/be closed/be shaken/be put down/be picked up/be washed/be moved around/be pushed around/"
    "be stacked/be turned round/be handed over/be shown/be on {strange}/be drunk from]";
constexpr std::string_view kToolDeeds =
    "[lie there/lie on {strange}/be used/be held/be held up/be shown/be put down/be picked up/be moved/be handed over/"
    "be opened/be closed/be dropped/fall down/be thrown/be cleaned/be on {strange}/be turned round/be in use/be "
    "switched on/"
    "be in somebody's hand/hang there/be looked at/come flying/be caught/be held into the picture/move about]";
constexpr std::string_view kHandDeeds =
    "[reach into the picture/reach for {strange}/be held into the picture/point at {strange}/wave/hold {strange}/grab "
    "{strange}/"
    "move around/touch {strange}/push {strange}/open {strange}/write something/draw something/be raised/press "
    "{strange}/"
    "wipe something/cover {strange}/be stretched out/sort things/show {strange}/turn {strange}/lift {strange}/take "
    "{strange}]";
constexpr std::string_view kOtherDeeds =
    "[stand there/stand in the corner/be empty/be occupied/be used/be cleaned/be open/be opened/be closed/be there/"
    "be moved/be delivered/be broken/be repaired/be new/hang on the wall/hang there/lie there/be in the way/"
    "stand at {strange}/stand by {strange}/be on/be off/be switched on/be switched off/fall over/be carried/be "
    "shown/shine]";

struct PairWords {
  std::string_view thing;
  std::string_view use;         ///< what a person does with it
  std::string_view alone = {};  ///< what a person does who needs it, without naming it
  std::string_view role = {};   ///< who does
};
constexpr PairWords kPairs[] = {
    {"bicycle", "[ride/push/get on/get off/repair/sit on/lock/cycle on/jump off/lean on]",
     "[cycle/cycle along/cycle past/cycle by/pedal/ride past/ride along/come cycling along]",
     "[cyclist/cyclist/bicyclist/bike rider]"},
    {"motorcycle", "[ride/push/get on/get off/start/sit on/repair]", "[ride past/ride along/speed past]",
     "[motorcyclist/biker/motorbike rider]"},
    {"car", "[drive/get into/get out of/wash/park/look at/stand at/repair/wait for/get off/run to]",
     "[park/drive off/get in and drive off]", "[driver/motorist]"},
    {"boat", "[row/steer/push/get into/board/sit in/watch]", "[row/sail/paddle/go sailing]", "[rower/sailor]"},
    {"horse", "[ride/lead/feed/stroke/saddle/sit on/jump with]", "[ride/ride past/gallop past]",
     "[rider/horseman/horse rider]"},
    {"skis", "[wear/carry/put on/glide on/stand on]", "[ski/ski downhill/ski past]", "[skier/skier/ski racer]"},
    {"snowboard", "[ride/carry/stand on/jump with]", "[snowboard/snowboard downhill]", "[snowboarder]"},
    {"surfboard", "[ride/carry/stand on/paddle on/lie on]", "[surf/ride a wave/catch a wave/surf on a wave]",
     "[surfer]"},
    {"skateboard", "[ride/stand on/jump on/fall off]", "[skate/skate past/do a trick]", "[skateboarder/skater]"},
    {"tennis racket", "[swing/hold/play with/hit the ball with]", "[play tennis/serve/play a forehand/play badminton]",
     "[tennis player]"},
    {"baseball bat", "[swing/hold/hit the ball with]", "[play baseball/bat/wait for the pitch]",
     "[batter/baseball player/batsman]"},
    {"sports ball", "[throw/kick/catch/play with/hold/dribble/chase/head/pass/shoot/juggle with/roll/bounce]",
     "[play football/play basketball/play soccer/play volleyball/score/score a goal/dribble]",
     "[footballer/basketball player/football player/ball player]"},
    {"frisbee", "[throw/catch/hold/run after/pick up]", "[play frisbee]"},
    {"kite", "[fly/hold/pull/launch/run with]", "[go kite flying]"},
    {"umbrella", "[open/close/hold/carry/put down/shake]"},
    {"cup", "[hold/drink from/lift/fill/pick up/put down/empty/wash/stir/pour something into/turn round/take]",
     "[drink coffee/drink tea/pour coffee/pour tea/have a coffee]"},
    {"bottle", "[hold/drink from/open/shake/pick up/put down/empty/fill]", "[take a swig]"},
    {"wine glass", "[hold/drink from/fill/lift/pick up/put down/empty]", "[drink wine/pour wine]"},
    {"cell phone", "[use/hold/pick up/put down/look at/talk into/type on]",
     "[make a phone call/phone/be on the phone]"},
    {"laptop", "[use/open/close/type on/work on/look at/sit at]", "[type/work at a computer/use a computer]"},
    {"keyboard", "[type on/use/press a key on/clean]", "[type]"},
    {"chair", "[sit on/sit down on/stand on/move/carry/get up from/lean on]"},
    {"couch", "[sit on/lie on/sleep on/sit down on/jump on/clean]"},
    {"bed", "[lie on/lie in/sleep in/make/sit on/jump on/get out of]", "[go to bed]"},
    {"book", "[read/open/hold/close/look at/put away/look into]", "[read/read aloud/turn the pages]", "[reader]"},
};

const PairWords* pair_of(const Filter& used) {
  if (used.thing < 0) return nullptr;
  const auto* found = std::find_if(std::begin(kPairs), std::end(kPairs),
                                   [&](const PairWords& row) { return row.thing == thing_at(used.thing).name; });
  return found == std::end(kPairs) ? nullptr : found;
}

std::string_view usual_use(Sort sort) {
  switch (sort) {
    case Sort::kVehicle:
      return "[drive/get into/get out of/wash/park/look at/stand at/repair/wait for/get off/run to]";
    case Sort::kAnimal:
    case Sort::kBird:
      return "[feed/stroke/hold/chase/call/look at/play with/watch/walk with/lead/pet/hug/photograph/be with/train]";
    case Sort::kPlane:
      return "[fly/watch/look at/point at/stand at/board]";
    case Sort::kBoat:
      return "[row/steer/push/get into/board/sit in/watch]";
    case Sort::kBag:
      return "[carry/carry/wear/hold/open/put down/pick up/take/pull/have/search/close]";
    case Sort::kFood:
      return "[eat/cut/hold/peel/bite into/take/pick up/wash/buy/weigh/serve/put down]";
    case Sort::kVessel:
      return "[hold/drink from/lift/fill/pick up/put down/empty/wash/open/shake/pour something into/turn round/take]";
    case Sort::kTool:
      return "[use/hold/pick up/put down/take/look at/show/throw/catch/hand over/play with/put away/drop/clean/work "
             "with]";
    default:
      return "[use/stand at/clean/open/close/look at/move/repair/sit at/lean against/touch/stand in front of/point at]";
  }
}

std::string_view traits_of(Sort sort) {
  switch (sort) {
    case Sort::kPerson:
      return "[young/old/tall/small/little/elderly/lone/tired/masked/bald/smiling/slim/strong/strange/happy/angry/"
             "unknown]";
    case Sort::kVehicle:
      return "[old/big/small/parked/fast/slow/dirty/new/dark/light/silver/racing/rusty/loaded/heavy/shiny/foreign/"
             "electric]";
    case Sort::kAnimal:
    case Sort::kBird:
      return "[little/big/young/old/spotted/striped/fat/wet/hungry/lively/lazy/lost/stray/wild/tame/furry/cute/sleepy]";
    case Sort::kPlane:
    case Sort::kBoat:
      return "[big/small/old/fast/low/single/distant/modern/military/wooden/large/tiny/new]";
    case Sort::kFood:
      return "[ripe/fresh/half-eaten/big/small/rotten/tasty/sliced/juicy/single/sweet/peeled]";
    default:
      return "[old/new/big/small/wooden/large/little/broken/metal/plastic/full/empty/dirty/heavy/open/closed/expensive/"
             "pretty/shiny/plain/dark/light/round/long]";
  }
}

constexpr std::string_view kPersonLooks =
    "[with a hat/with a helmet/with glasses/with sunglasses/with a beard/with long hair/with dark hair/with short hair/"
    "with a cap/with a mask/with a stick/with a ponytail/with a tattoo/with an apron/with a hood/with bare feet/in a "
    "suit/"
    "in a coat/in a jacket/in a dark jacket/in a uniform/in shorts/in a dress/in a light shirt/in jeans/in boots/in a "
    "vest/"
    "in a wheelchair/in work clothes/with gloves/with a scarf/with a moustache/with a key/with a box/with a ladder]";
constexpr std::string_view kColouredClothes =
    "[in a {c} jacket/in a {c} shirt/with a {c} coat/in a {c} pullover/in a {c} dress/in a {c} T-shirt/in {c} clothes/"
    "wearing a {c} coat/wearing a {c} jumper/dressed all in {c}/in a {c} hoodie/in {c}]";
constexpr std::string_view kLooks =
    "[with a scratch/with a label/with a lid/with a handle/with a sticker/with a pattern/with stripes/with dots/with "
    "writing/"
    "of wood/of metal/of plastic/from the side/from behind/from the front/from above/without a label/in the distance/"
    "up close/in close-up/in the foreground/in the background]";
constexpr std::string_view kVehicleLooks =
    "[with its lights on/with a trailer/with a roof rack/with a broken window/with an open door/with a spoiler/"
    "from the side/from behind/from the front/from above/in the distance/with dirty windows/with a flag/with a load]";
constexpr std::string_view kAnimalLooks =
    "[with a collar/with long fur/with spots/with a long tail/with big ears/with a toy/on a leash/from the side/from "
    "behind/"
    "up close/in close-up/in the distance/with open mouth/with its young/with stripes]";

/** One of some choices. */
std::string drawn(std::string_view choices, Random& random, std::string_view colour = {}) {
  const Slot slot{"c", colour};
  return clause_of(choices, {&slot, 1}, &random).subject;
}

std::string_view looks_of(Sort sort) {
  if (sort == Sort::kPerson) return kPersonLooks;
  if (sort == Sort::kVehicle || sort == Sort::kPlane || sort == Sort::kBoat) return kVehicleLooks;
  return sort == Sort::kAnimal || sort == Sort::kBird ? kAnimalLooks : kLooks;
}

}  // namespace

std::string_view deed_words(const Filter& filter) {
  static constexpr std::array<std::string_view, 12> deeds{kPersonDeeds, kVehicleDeeds, kAnimalDeeds, kBirdDeeds,
                                                          kPlaneDeeds,  kBoatDeeds,    kBagDeeds,    kFoodDeeds,
                                                          kVesselDeeds, kToolDeeds,    kHandDeeds,   kOtherDeeds};
  return deeds[static_cast<std::size_t>(sort_of(filter))];
}

std::string_view surrounding_words() {
  return "[on the road/on the street/on the pavement/in the garden/in the yard/at the door/at the gate/"
         "at the window/by the fence/in front of the house/behind the house/in front of the camera/"
         "near the camera/in the corner/on the floor/on the ground/on the grass/in the grass/in the snow/"
         "in the rain/in the sun/in the shade/on the beach/along the beach/in the water/at the river/on the lake/"
         "in the forest/under a tree/under the trees/on the hill/on the field/in the park/in the hall/in the room/"
         "in the kitchen/in the living room/in the office/in the shop/in the aisle/at the counter/at the till/"
         "in the corridor/on the stairs/in the entrance/on the platform/at the station/in the car park/"
         "in the parking lot/in the driveway/at the crossing/at the kerb/on the bridge/on the path/on the track/"
         "on the belt/on the conveyor/on the shelf/at the shelf/on the wall/at the wall/on the rug/on a cushion/"
         "on a blanket/in a basket/on a plate/on the worktop/on the roof/in the air/in the sky/in the crowd/"
         "in the playground/in the gym/on the pitch/in the arena/in the warehouse/in the factory/at the machine/"
         "at the back/at the front/in the foreground/in the background/next to {strange}/behind {strange}/"
         "in front of {strange}/beside {strange}/near {strange}/with {strange}/without {strange}]";
}

std::string_view manner_words() {
  return "[all alone/all by itself/slowly/quickly/carefully/for a while/for a moment/again/at last/quietly/"
         "in the morning/at night/in the dark/once more/suddenly/at once/together with others/without a break/"
         "in the evening/during the day/in a hurry/very slowly]";
}

std::string_view use_words(const Filter& user, const Filter& used) {
  if (!used.strange.empty() || used.thing == kPerson) return {};
  const Sort sort = sort_of(user);
  if (sort == Sort::kPerson || sort == Sort::kHand) {
    const PairWords* pair = pair_of(used);
    return pair ? pair->use : usual_use(sort_of(used));
  }
  if (sort == Sort::kAnimal || sort == Sort::kBird) {
    return "[sit on/lie on/sniff at/lie next to/sit next to/jump over/run after/hide behind/stand in front of/play "
           "with]";
  }
  return "[stand next to/be in front of/be behind/lie beside/be on/touch/be next to/lean against/be near]";
}

std::string_view role_words(const Filter& used) {
  const PairWords* pair = pair_of(used);
  return pair ? pair->role : std::string_view();
}

std::string_view alone_words(const Filter& user, const Filter& used) {
  const PairWords* pair = sort_of(user) == Sort::kPerson ? pair_of(used) : nullptr;
  return pair ? pair->alone : std::string_view();
}

std::string looking(const std::string& noun, const Filter& filter, Random& random) {
  const Sort sort = sort_of(filter);
  const bool pronoun = noun.starts_with("some");
  std::string text = noun;
  if (!filter.colour.empty()) {
    const std::string colour = colour_word(filter.colour, &random);
    if (sort == Sort::kPerson) return noun + " " + drawn(kColouredClothes, random, colour);
    text = pronoun ? noun + " " + colour : colour + " " + noun;
  }
  if (!pronoun && random.chance(0.4)) text = drawn(traits_of(sort), random) + " " + text;
  if (random.chance(0.3)) text += " " + drawn(looks_of(sort), random);
  return text;
}

const std::vector<std::string_view>& strange_nouns() {
  static const std::vector<std::string_view> nouns{
      "door",     "window",     "gate",       "fence",       "wall",       "ladder",      "box",        "bucket",
      "broom",    "rope",       "hammer",     "drill",       "saw",        "screwdriver", "machine",    "robot",
      "crane",    "forklift",   "excavator",  "tractor",     "tank",       "drone",       "helicopter", "rocket",
      "balloon",  "parachute",  "tent",       "flag",        "sign",       "poster",      "painting",   "picture frame",
      "mirror",   "lamp",       "candle",     "fire",        "tree",       "flower",      "leaf",       "bush",
      "rock",     "mountain",   "river",      "waterfall",   "fountain",   "cloud",       "moon",       "rainbow",
      "snowman",  "statue",     "tower",      "bridge",      "castle",     "church",      "fish",       "shark",
      "whale",    "snake",      "frog",       "spider",      "insect",     "butterfly",   "bee",        "monkey",
      "lion",     "tiger",      "wolf",       "fox",         "deer",       "rabbit",      "pig",        "goat",
      "squirrel", "kangaroo",   "turtle",     "hat",         "helmet",     "shoe",        "glove",      "jacket",
      "towel",    "pillow",     "blanket",    "carpet",      "curtain",    "drawer",      "cupboard",   "shelf",
      "basket",   "trolley",    "wheelchair", "pram",        "pan",        "pot",         "kettle",     "plate",
      "jug",      "tin",        "egg",        "loaf",        "cheese",     "lemon",       "grape",      "pineapple",
      "tomato",   "potato",     "onion",      "cauliflower", "cabbage",    "cucumber",    "mushroom",   "piano",
      "guitar",   "violin",     "drum",       "trumpet",     "microphone", "camera",      "telescope",  "microscope",
      "printer",  "server",     "battery",    "cable",       "switch",     "key",         "coin",       "banknote",
      "letter",   "parcel",     "newspaper",  "pen",         "pencil",     "brush",       "razor",      "ring",
      "necklace", "crown",      "sword",      "gun",         "bow",        "net",         "hammock",    "swing",
      "slide",    "trampoline", "puppet",     "doll",        "puzzle",     "dice",        "card",       "trophy",
      "medal",    "turbine",    "reactor",    "pipe",        "valve",      "engine",      "wheel",      "tyre",
      "pump",     "antenna"};
  return nouns;
}

std::string invented_noun(Random& random) {
  static constexpr std::array<std::string_view, 22> onsets{"b", "br", "d", "dr", "f", "fl", "g",  "gr", "h",  "j", "k",
                                                           "l", "m",  "n", "p",  "r", "s",  "st", "t",  "tr", "v", "z"};
  static constexpr std::array<std::string_view, 10> rhymes{"a", "e", "i", "o", "u", "am", "ok", "in", "er", "ul"};
  static const std::vector<std::string> nouns = all_nouns();
  static const std::set<std::string> known(nouns.begin(), nouns.end());
  std::string word;
  do {
    word.clear();
    for (auto syllables = random.integer(2, 3); syllables > 0; --syllables) {
      word += random.pick(onsets);
      word += random.pick(rhymes);
    }
  } while (known.contains(word) || known.contains(word + "s"));
  return word;
}

}  // namespace gvl::scenes

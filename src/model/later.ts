/**
 * What trains and what saves: loaded when it is first needed, so that who only loads bundles does not wait for it. In one
 * piece: the build cuts the package's files wherever some of them are loaded later than others.
 */
export { previousFolders } from "../io/replace-directory.js";
export { checkTarget, writeBundle } from "./bundle/write-bundle.js";
export { fitMembers } from "./network/fit-members.js";
export { trainModel } from "./train-model.js";
export { fitBoosting } from "./trees/fit-boosting.js";
export { fitForest } from "./trees/fit-forest.js";
